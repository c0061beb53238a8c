import { Link } from "@remix-run/react";
import type { Account } from "../../server/contracts/accounts.ts";
import { text } from "../text.ts";
import { accountKind, isDebt } from "./account-kind.ts";
import { formatMoney } from "./money.ts";

/** One account: what it is on the left, what is in it on the right. */
export function AccountRow({ account }: { account: Account }) {
  const { id, name, officialName, mask, type, subtype, balances } = account;
  return (
    <li className="flex h-17 items-center gap-4 px-4 sm:px-5">
      <div className="min-w-0 flex-1">
        {/* Relative: what only screen readers see is cut off with the rest of a long name. */}
        <p className="relative truncate font-medium" title={officialName ?? name}>
          <Link to={`/transactions?account=${id}`} className="rounded-sm hover:underline">
            {name}
            <span className="sr-only">, {text.transactions.ofAccount}</span>
          </Link>
        </p>
        <p className="flex gap-1.5 text-sm text-ink-soft">
          <span className="truncate">{accountKind(type, subtype)}</span>
          {mask ? (
            <>
              <span aria-hidden="true" className="whitespace-nowrap tabular-nums">
                {text.account.mask(mask)}
              </span>
              <span className="sr-only">{text.account.maskSpoken(mask)}</span>
            </>
          ) : null}
        </p>
      </div>
      <div className="shrink-0 text-right tabular-nums">
        {balances.current === null ? (
          <p className="text-ink-soft" title={text.account.unknownHint}>
            {text.account.unknown}
          </p>
        ) : (
          <p className="font-medium">{formatMoney(balances.current, balances.currency)}</p>
        )}
        <p className="min-h-[1lh] text-sm text-ink-soft">{secondLine(account)}</p>
      </div>
    </li>
  );
}

/** What stands under the balance: what can be spent, or that it is owed. */
function secondLine({ type, balances }: Account): string {
  const { available, limit, currency } = balances;
  if (isDebt(type)) {
    if (type === "credit" && limit !== null) {
      return text.account.ofLimit(formatMoney(limit, currency));
    }
    return text.account.owed;
  }
  return available === null ? "" : text.account.available(formatMoney(available, currency));
}
