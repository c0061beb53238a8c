import { useId } from "react";
import { BankMark } from "../components/bank-mark.tsx";
import { AccountRow } from "./account-row.tsx";
import { itemCardClass } from "./item-card.tsx";
import type { ShownKind } from "./to-shown-kinds.server.ts";

/** The accounts of one type at all banks, with their totals. */
export function KindCard({ kind: { name, totals, accounts } }: { kind: ShownKind }) {
  const headingId = useId();
  return (
    <article className={itemCardClass} aria-labelledby={headingId}>
      <header className="flex h-14 items-center gap-3.5 border-b border-line px-4 sm:px-5">
        <h3 id={headingId} className="min-w-0 flex-1 truncate font-semibold">
          {name}
        </h3>
        <p className="flex flex-wrap justify-end gap-x-3 font-semibold tabular-nums">
          {totals.map((total) => (
            <span key={total}>{total}</span>
          ))}
        </p>
      </header>
      <ul aria-labelledby={headingId} className="divide-y divide-line">
        {accounts.map((account) => (
          <AccountRow
            key={account.id}
            account={account}
            isLinked={account.isLinked}
            bank={<BankMark name={account.bank} mark={account.mark} />}
            bankName={account.bank}
          />
        ))}
      </ul>
    </article>
  );
}
