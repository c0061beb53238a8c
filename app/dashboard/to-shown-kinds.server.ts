import type { ItemWithAccounts } from "../../server/contracts/accounts.ts";
import type { Mark } from "../components/bank-mark.tsx";
import { formatMoney } from "../components/money.ts";
import { words } from "./item-words.ts";
import { netWorth } from "./net-worth.ts";
import { toMark } from "./to-mark.server.ts";
import { type ShownAccount, toShownAccount } from "./to-shown-item.server.ts";

/** Accounts of one type at all banks, with their texts. */
export interface ShownKind {
  id: Kind;
  name: string;
  /** The total of each currency, as text; of loans and credit cards, the debt. */
  totals: string[];
  accounts: (ShownAccount & { bank: string; mark: Mark; isLinked: boolean })[];
}

type Kind = keyof typeof words.kinds;

/** https://plaid.com/docs/api/accounts/#account-type-schema */
const kindOf = (type: string): Kind =>
  type === "depository" || type === "credit" || type === "loan"
    ? type
    : type === "investment" || type === "brokerage"
      ? "investment"
      : "other";

/** Returns the accounts of all banks by type, without the types that no account has. */
export function toShownKinds(items: readonly ItemWithAccounts[]): ShownKind[] {
  const all = items.flatMap((item) => item.accounts.map((account) => ({ item, account })));
  return (Object.keys(words.kinds) as Kind[]).flatMap((id) => {
    const own = all.filter(({ account }) => kindOf(account.type) === id);
    if (own.length === 0) return [];
    return {
      id,
      name: words.kinds[id],
      totals: netWorth(own.map(({ account }) => account)).map(({ currency, amount }) =>
        formatMoney(amount, currency),
      ),
      accounts: own.map(({ item, account }) => ({
        ...toShownAccount(account),
        bank: item.institution.name,
        mark: toMark(item.institution),
        isLinked: item.hasTransactions,
      })),
    };
  });
}
