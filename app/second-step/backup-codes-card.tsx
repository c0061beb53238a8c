import { Form, Link, useNavigation } from "@remix-run/react";
import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, buttonClass } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { words as pageWords } from "./words.ts";

const words = pageWords.codes;

interface BackupCodesCardProps {
  left: number;
  hasFactor: boolean;
}

/** Shows how many backup codes are left, and creates new ones. */
export function BackupCodesCard({ left, hasFactor }: BackupCodesCardProps) {
  const busy = useNavigation().formData?.get("intent") === "replace-codes";
  return (
    <section aria-labelledby="codes" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 basis-60 grow">
          <h2 id="codes" className="font-semibold">
            {words.title}
          </h2>
          <p className="mt-1 text-ink-soft">
            {words.lead} {hasFactor ? words.left(left) : words.none}
          </p>
        </div>
        {hasFactor ? (
          <Form method="post" onSubmit={(event) => busy && event.preventDefault()}>
            <Button kind="secondary" type="submit" name="intent" value="replace-codes" busy={busy}>
              {busy ? words.replacing : words.replace}
            </Button>
          </Form>
        ) : null}
      </div>
    </section>
  );
}

/** Shows new backup codes, once. */
export function NewBackupCodes({ codes }: { codes: string[] }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => heading.current?.focus(), []);

  async function copy() {
    // Where pages may not use the clipboard, the codes can still be selected.
    await navigator.clipboard?.writeText(codes.join("\n")).then(
      () => setCopied(true),
      () => {},
    );
  }
  const icon = copied ? (
    <Check className="size-4" aria-hidden="true" />
  ) : (
    <Copy className="size-4" aria-hidden="true" />
  );
  return (
    <section
      aria-labelledby="new-codes"
      className={`${cardClass} mt-6 border-accent px-4 py-5 sm:px-6`}
    >
      <h2 id="new-codes" ref={heading} tabIndex={-1} className="font-semibold outline-none">
        {words.newTitle}
      </h2>
      <p className="mt-1 text-ink-soft">{words.newLead}</p>
      <ul className="mt-4 grid gap-x-8 gap-y-1.5 font-mono text-sm sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="mt-5 flex flex-wrap gap-2">
        <Button kind="secondary" className="noscript:hidden" icon={icon} onClick={copy}>
          {copied ? words.copied : words.copy}
        </Button>
        <Link to="/dashboard" className={buttonClass("secondary")}>
          {pageWords.goOn}
        </Link>
      </div>
      <span className="sr-only" role="status">
        {copied ? words.copied : ""}
      </span>
    </section>
  );
}
