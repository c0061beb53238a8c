import { Await, Link } from "@remix-run/react";
import { type ReactNode, Suspense } from "react";
import { cardClass } from "../components/card.ts";
import { categoryLook } from "./category-looks.ts";
import type { ShownTotals } from "./to-shown-totals.server.ts";
import { words } from "./words.ts";

/** The totals of the filtered transactions, beside the list; they are streamed after the page. */
export function TotalsColumn({ totals }: { totals: Promise<ShownTotals | null> }) {
  return (
    <Suspense fallback={<Frame waiting />}>
      <Await resolve={totals} errorElement={<Frame>{words.totalsFailed}</Frame>}>
        {(there) => (there ? <Totals {...there} /> : null)}
      </Await>
    </Suspense>
  );
}

function Frame({ waiting, children }: { waiting?: boolean; children?: ReactNode }) {
  return (
    <div
      className={`grid min-h-72 place-items-center rounded-xl bg-sunken p-6 text-center text-sm text-ink-soft ${waiting ? "animate-breathe" : ""}`}
    >
      {children}
    </div>
  );
}

function Totals({ months, categories }: ShownTotals) {
  return (
    <div className="grid gap-6">
      {categories.length > 0 ? (
        <section aria-labelledby="by-category" className={`${cardClass} p-4 sm:p-5`}>
          <h2 id="by-category" className="text-sm font-medium text-ink-soft">
            {words.byCategory}
          </h2>
          <ul className="mt-2">
            {categories.map(({ category, name, amount, share, address }) => {
              const { Icon, tile, bar } = categoryLook(category);
              return (
                <li key={name} className="flex items-center gap-3 py-1.5">
                  <span className={`grid size-8 shrink-0 place-items-center rounded-lg ${tile}`}>
                    <Icon className="size-4" aria-hidden="true" />
                  </span>
                  <div className="min-w-0 flex-1">
                    <p className="flex items-baseline justify-between gap-3 text-sm">
                      {address ? (
                        <Link to={address} className="truncate rounded-sm hover:underline">
                          {name}
                        </Link>
                      ) : (
                        <span className="truncate">{name}</span>
                      )}
                      <span className="shrink-0 tabular-nums">{amount}</span>
                    </p>
                    <svg
                      viewBox="0 0 100 4"
                      preserveAspectRatio="none"
                      aria-hidden="true"
                      className="mt-1 h-1 w-full rounded-full bg-sunken"
                    >
                      <rect width={share} height="4" className={bar} />
                    </svg>
                  </div>
                </li>
              );
            })}
          </ul>
        </section>
      ) : null}
      <section aria-labelledby="by-month" className={`${cardClass} p-4 sm:p-5`}>
        <h2 id="by-month" className="text-sm font-medium text-ink-soft">
          {words.byMonth}
        </h2>
        <table className="mt-2 w-full text-sm tabular-nums">
          <thead>
            <tr className="text-left text-xs text-ink-soft">
              <th className="py-1 font-normal">{words.month}</th>
              <th className="py-1 text-right font-normal">{words.moneyIn}</th>
              <th className="py-1 text-right font-normal">{words.moneyOut}</th>
            </tr>
          </thead>
          <tbody>
            {months.map(({ id, name, in: came, out: went, address }) => (
              <tr key={id}>
                <th className="py-1.5 pr-2 text-left font-normal whitespace-nowrap">
                  <Link to={address} className="rounded-sm hover:underline">
                    {name}
                  </Link>
                </th>
                <td className="py-1.5 pr-2 text-right text-accent">{came}</td>
                <td className="py-1.5 text-right">{went}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
