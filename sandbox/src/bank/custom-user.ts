/**
 * Plaid's custom Sandbox users: username `user_custom`, and the configuration as the password
 * (https://plaid.com/docs/sandbox/user-custom/). The fields this stand-in uses are below; others
 * are accepted and not used.
 */
import { PlaidError } from "../plaid/plaid-error.ts";
import type { AccountTemplate } from "./account-profiles.ts";

export interface CustomTransaction {
  date_transacted: string;
  date_posted: string;
  amount: number;
  description: string;
  currency?: string;
}

export interface CustomUser {
  override_accounts: {
    type: AccountTemplate["type"];
    subtype: string;
    starting_balance?: number;
    currency?: string;
    meta?: { name?: string; official_name?: string; mask?: string; limit?: number };
    transactions?: CustomTransaction[];
  }[];
}

const TYPES = ["depository", "credit", "loan", "investment", "other"];
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Parses the password of `user_custom`. Throws INVALID_CREDENTIALS with the reason. */
export function parseCustomUser(password: string): CustomUser {
  let value: unknown;
  try {
    value = JSON.parse(password);
  } catch {
    throw refuse("it is not JSON");
  }
  const accounts = (value as Partial<CustomUser> | null)?.override_accounts;
  if (!Array.isArray(accounts) || accounts.length === 0 || accounts.length > 100) {
    throw refuse("override_accounts must list 1 to 100 accounts");
  }
  for (const account of accounts) {
    if (!TYPES.includes(account?.type) || typeof account.subtype !== "string") {
      throw refuse("every account needs a known type and a subtype");
    }
    for (const entry of account.transactions ?? []) {
      const dated = DATE.test(entry?.date_transacted) && DATE.test(entry?.date_posted);
      if (!dated || typeof entry.amount !== "number" || typeof entry.description !== "string") {
        throw refuse("every transaction needs date_transacted, date_posted, amount, description");
      }
    }
  }
  return { override_accounts: accounts };
}

/** The accounts of a custom user. */
export function customAccounts(custom: CustomUser): AccountTemplate[] {
  return custom.override_accounts.map((account, index) => {
    const balance = account.starting_balance ?? 0;
    const deposit = account.type === "depository";
    return {
      name: account.meta?.name ?? `Plaid ${account.subtype}`,
      official_name: account.meta?.official_name ?? null,
      type: account.type,
      subtype: account.subtype,
      current: [balance, balance],
      held: deposit ? 0 : null,
      currency: account.currency ?? "USD",
      mask: account.meta?.mask ?? String(index).repeat(4).slice(0, 4),
      ...(account.meta?.limit === undefined ? {} : { limit: account.meta.limit }),
    };
  });
}

function refuse(reason: string): PlaidError {
  return new PlaidError("INVALID_CREDENTIALS", `custom user configuration is invalid: ${reason}`);
}
