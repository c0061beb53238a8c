import { text } from "../text.ts";

/** The product's logo and name. On a phone, `compact` shows only the logo. */
export function Logo({ compact = false }: { compact?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2.5 font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" className="size-6.5 shrink-0" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path
          d="M11 23.5V10.2h10.6M11 17h8"
          fill="none"
          className="stroke-on-accent"
          strokeWidth="3.2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span className={compact ? "max-sm:sr-only" : "max-[22rem]:sr-only"}>{text.product}</span>
    </span>
  );
}
