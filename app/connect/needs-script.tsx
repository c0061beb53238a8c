import { text } from "../text.ts";

/** Beside a button that opens Link: why it does nothing, where the browser runs no scripts. */
export function NeedsScript({ className }: { className: string }) {
  return (
    <noscript>
      <p className={`${className} text-sm text-ink-soft`}>{text.connect.needsScript}</p>
    </noscript>
  );
}
