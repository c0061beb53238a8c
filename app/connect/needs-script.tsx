import { text } from "../text.ts";

/** Explains, beside a button that opens Link, that it needs JavaScript. */
export function NeedsScript({ className }: { className: string }) {
  return (
    <p className={`${className} hidden text-sm text-ink-soft noscript:block`}>
      {text.connect.needsScript}
    </p>
  );
}
