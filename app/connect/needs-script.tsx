import { text } from "../text.ts";

/** Beside a button that opens Link: why it does nothing, where the browser runs no scripts. */
export function NeedsScript({ className }: { className: string }) {
  return (
    <p className={`${className} hidden text-sm text-ink-soft noscript:block`}>
      {text.connect.needsScript}
    </p>
  );
}
