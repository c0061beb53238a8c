import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { text } from "../text.ts";
import type { ShownAccount } from "./to-shown-item.server.ts";

interface AccountRowProps {
  account: ShownAccount;
  /** Whether its name links to its transactions. */
  isLinked: boolean;
  /** Where accounts of several banks are listed together: the bank's mark and its name. */
  bank?: ReactNode;
  bankName?: string;
}

/** One account: its name and type on the left, its balance on the right. */
export function AccountRow({ account, isLinked, bank, bankName }: AccountRowProps) {
  const { id, name, fullName, kind, mask, balance, below, hidden } = account;
  return (
    <li className="flex h-17 items-center gap-4 px-4 sm:px-5">
      {bank}
      <div className="min-w-0 flex-1">
        {/* Relative: text for screen readers is clipped with the rest of a long name. */}
        <p className="relative truncate font-medium" title={fullName}>
          {isLinked ? (
            <Link to={`/transactions?account=${id}`} className="rounded-sm hover:underline">
              {name}
              <span className="sr-only">, {text.account.showTransactions}</span>
            </Link>
          ) : (
            name
          )}
        </p>
        <p className="flex gap-1.5 text-sm text-ink-soft">
          <span className="truncate" title={kind}>
            {bankName ? `${bankName} · ${kind}` : kind}
          </span>
          {mask ? (
            <>
              <span aria-hidden="true" className="whitespace-nowrap tabular-nums">
                {mask.seen}
              </span>
              <span className="sr-only">{mask.spoken}</span>
            </>
          ) : null}
        </p>
      </div>
      <div className="shrink-0 text-right tabular-nums">
        {balance === null ? (
          <p className="text-ink-soft" title={text.account.unknownHint}>
            {text.account.unknown}
          </p>
        ) : (
          <p className={hidden ? "text-ink-soft" : "font-medium"}>{balance}</p>
        )}
        <p className="min-h-[1lh] text-sm text-ink-soft">{below}</p>
      </div>
    </li>
  );
}
