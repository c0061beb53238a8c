import type { ReactNode } from "react";
import type { SecondFactors } from "../../server/contracts/second-factors.ts";
import { cardClass } from "../components/card.ts";
import { LocalTime } from "../components/local-time.tsx";
import { words } from "./words.ts";

/** The user's second factors, shown until the user has proved that they may change them. */
export function FactorSummary({ totpSince, passkeys, backupCodesLeft }: SecondFactors) {
  const hasFactor = totpSince !== null || passkeys.length > 0;
  const rows: [string, ReactNode][] = [
    [words.passkeys.title, passkeys.map(({ name }) => name).join(", ") || words.summary.none],
    [
      words.authenticator.title,
      totpSince === null ? (
        words.summary.none
      ) : (
        <>
          {words.authenticator.since} <LocalTime iso={totpSince} />
        </>
      ),
    ],
    [words.codes.title, hasFactor ? words.codes.left(backupCodesLeft) : words.summary.none],
  ];
  return (
    <section aria-labelledby="summary" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
      <h2 id="summary" className="font-semibold">
        {words.summary.title}
      </h2>
      <dl className="mt-3 grid grid-cols-[minmax(9rem,max-content)_minmax(0,1fr)] gap-x-4 gap-y-2">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
