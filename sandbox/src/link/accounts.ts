/** The accounts that a session of Link offers, and those that are chosen already. */
import type { BankAccount } from "../bank/holders.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { LinkSession, LinkToken } from "../state.ts";
import { isShown } from "./account-filters.ts";
import type { LinkOutcome } from "./outcome.ts";

/** An account as the picker shows it. `id` is its place among the holder's. */
interface AccountChoice {
  id: number;
  name: string;
  mask: string | null;
  subtype: string;
  current: number | null;
  currency: string;
  checked: boolean;
}

/**
 * The picker; or, in plain update mode and after a bank with a picker of its own, the accounts that
 * are chosen already.
 */
export function accountsOutcome(
  sandbox: Sandbox,
  session: LinkSession,
  token: LinkToken,
): LinkOutcome {
  const settled = settledAccounts(sandbox, session, token);
  const linked = linkedAccounts(sandbox, token);
  const accounts = choosableAccounts(sandbox, session, token)
    .filter(({ index }) => settled?.includes(index) ?? true)
    .map(
      ({ index, account }): AccountChoice => ({
        id: index,
        name: account.name,
        mask: account.mask,
        subtype: account.subtype,
        current: account.current,
        currency: account.currency,
        checked: linked?.includes(index) ?? true,
      }),
    );
  if (accounts.length === 0) throw new PlaidError("NO_ACCOUNTS");
  return { outcome: "accounts", accounts, pick: settled === null };
}

/** The accounts when Link shows no picker; null when it shows one. */
function settledAccounts(
  sandbox: Sandbox,
  session: LinkSession,
  token: LinkToken,
): number[] | null {
  if (session.bank_choice !== null) return session.bank_choice;
  return token.account_selection_enabled ? null : linkedAccounts(sandbox, token);
}

/** The accounts of the Item in update mode; null for a new Item. */
export function linkedAccounts(sandbox: Sandbox, token: LinkToken): number[] | null {
  const item = token.update_item_id === null ? null : sandbox.state.items.get(token.update_item_id);
  return item?.accounts.map(({ bank_account }) => bank_account) ?? null;
}

export function choosableAccounts(
  sandbox: Sandbox,
  session: LinkSession,
  token: LinkToken,
): { index: number; account: BankAccount }[] {
  const { institution_id, username, custom_user } = session;
  if (institution_id === null || username === null) throw new PlaidError("INVALID_INSTITUTION");
  return sandbox
    .bankAccounts(institution_id, username, custom_user)
    .map((account, index) => ({ index, account }))
    .filter(({ account }) => isShown(account, token));
}
