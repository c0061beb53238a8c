import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "./button.tsx";

interface CopyOnceProps {
  value: string;
  /** The name of the secret, for screen readers. */
  label: string;
  words: { copy: string; copied: string; done: string };
  onClose: () => void;
}

/** Shows a secret in a dialog, once, with a button that copies it. */
export function CopyOnce({ value, label, words, onClose }: CopyOnceProps) {
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);

  useEffect(() => input.current?.focus(), []);

  async function copy() {
    input.current?.select();
    // Where pages may not use the clipboard, the text is at least selected.
    await navigator.clipboard?.writeText(value).then(
      () => setCopied(true),
      () => {},
    );
  }
  return (
    <>
      <div className="mt-5 flex gap-2">
        <input
          ref={input}
          readOnly
          value={value}
          aria-label={label}
          onFocus={(event) => event.target.select()}
          className="h-11 min-w-0 flex-1 rounded-lg border border-field-line bg-sunken px-3 font-mono text-sm outline-none focus:border-accent focus:ring-3 focus:ring-accent/25"
        />
        <Button
          kind="secondary"
          className="h-11"
          icon={
            copied ? (
              <Check className="size-4" aria-hidden="true" />
            ) : (
              <Copy className="size-4" aria-hidden="true" />
            )
          }
          onClick={copy}
        >
          {copied ? words.copied : words.copy}
        </Button>
      </div>
      <span className="sr-only" role="status">
        {copied ? words.copied : ""}
      </span>
      <div className="mt-5 flex justify-end">
        <Button onClick={onClose}>{words.done}</Button>
      </div>
    </>
  );
}
