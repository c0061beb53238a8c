import { useState } from "react";
import { initialsOf, Monogram } from "./monogram.tsx";

/** What a bank is recognized by: its logo, its initials on its color, or its initials alone. */
export interface Mark {
  /** A path on our own origin; null without a logo. */
  logo: string | null;
  /** `#rrggbb`, with an ink that is readable on it; null where the bank's color is unknown. */
  color: { ground: string; ink: string } | null;
}

/** A bank's mark. Decorative: the name is always shown beside it. */
export function BankMark({ name, mark: { logo, color } }: { name: string; mark: Mark }) {
  const [isMissing, setMissing] = useState(false);
  if (logo && !isMissing) {
    return (
      <img
        src={logo}
        alt=""
        width={40}
        height={40}
        loading="lazy"
        onError={() => setMissing(true)}
        className="size-10 shrink-0 rounded-[0.625rem] border border-line bg-paper object-contain"
      />
    );
  }
  if (!color) return <Monogram name={name} />;
  return (
    // Colors as attributes, because the CSP does not allow styles.
    <svg
      viewBox="0 0 40 40"
      aria-hidden="true"
      className="size-10 shrink-0 rounded-[0.625rem] text-[13px] font-semibold"
    >
      <rect width="40" height="40" fill={color.ground} />
      <text x="20" y="20" dy="0.36em" textAnchor="middle" fill={color.ink}>
        {initialsOf(name)}
      </text>
    </svg>
  );
}
