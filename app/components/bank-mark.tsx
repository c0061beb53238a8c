import { useState } from "react";
import { initialsOf, Monogram } from "./monogram.tsx";

/** How a bank is recognized: its logo, or its initials on its color, or its initials. */
export interface Mark {
  /** A path at our own origin; null where there is none. */
  logo: string | null;
  /** `#rrggbb`, and what can be read on it; null where the bank's color is not known. */
  color: { ground: string; ink: string } | null;
}

/** A bank's mark. Decoration: the name always stands beside it. */
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
    // Colors as attributes: a style would need the CSP's leave.
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
