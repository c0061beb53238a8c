import { type SyntheticEvent, useState } from "react";
import { text } from "../text.ts";

const words = text.problem;

/** What to name to support, and a button that copies it. */
export function Reference({ value, className }: { value: string; className: string }) {
  const [copied, setCopied] = useState(false);

  async function copy() {
    // Where the clipboard is closed to pages, the text can still be selected.
    await navigator.clipboard?.writeText(value).then(
      () => setCopied(true),
      () => {},
    );
  }
  return (
    <p
      className={`flex flex-wrap items-center gap-x-1.5 text-[0.6875rem] select-text ${className}`}
      // Sonner takes a press on a toast for the start of a swipe, which would stop the text from being selected.
      onPointerDown={stop}
    >
      {words.reference}
      <span className="font-mono wrap-anywhere">{value}</span>
      <button
        type="button"
        aria-label={words.copyReference}
        onClick={copy}
        className="min-h-6 cursor-pointer rounded-sm font-medium underline underline-offset-4"
      >
        {copied ? words.copied : words.copy}
      </button>
      <span role="status" className="sr-only">
        {copied ? words.copied : ""}
      </span>
    </p>
  );
}

function stop(event: SyntheticEvent) {
  event.stopPropagation();
}
