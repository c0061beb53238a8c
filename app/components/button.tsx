import type { ComponentPropsWithoutRef, ReactNode } from "react";
import { Spinner } from "./spinner.tsx";

const base =
  "inline-flex hit-area cursor-pointer items-center justify-center gap-2 rounded-lg px-3.5 text-sm font-medium whitespace-nowrap select-none transition-colors aria-disabled:cursor-not-allowed";

const kinds = {
  primary:
    "bg-accent text-on-accent hover:bg-accent-strong not-aria-busy:aria-disabled:bg-sunken not-aria-busy:aria-disabled:text-ink-soft",
  danger: "bg-danger text-on-danger hover:bg-danger-strong",
  secondary:
    "border border-line-strong bg-surface text-ink hover:bg-sunken aria-disabled:text-ink-soft",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
} as const;

/** The classes of a button, for links that look like one. */
export function buttonClass(kind: keyof typeof kinds = "primary", extra = ""): string {
  return `${base} ${kinds[kind]} ${extra}`;
}

interface ButtonProps extends ComponentPropsWithoutRef<"button"> {
  kind?: keyof typeof kinds;
  /** Shows a spinner in place of the icon; the label and the width stay the same. */
  busy?: boolean;
  icon?: ReactNode;
}

/**
 * A button. It keeps its focus and its name while busy (a `disabled` button would lose the focus), so the
 * caller ignores presses then.
 */
export function Button({
  kind = "primary",
  busy,
  icon,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest["aria-disabled"] || undefined}
      className={buttonClass(kind, className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}
