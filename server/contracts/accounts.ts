import { z } from "zod";
import { itemProblem } from "./item-problem-schema.ts";
import { itemStatus } from "./item-status.ts";
import { trail } from "./trail.ts";

export { type ItemStatus, itemStatus } from "./item-status.ts";

/**
 * An amount of money as a decimal string: "-1234.5600". Never a float, from the database (`numeric`)
 * to the screen (`Intl.NumberFormat` formats decimal strings exactly).
 */
export const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);

/** Balances as the bank last gave them; each is null where the bank does not say. */
export const balances = z.object({
  current: decimal.nullable(),
  available: decimal.nullable(),
  /** The credit limit, or the overdraft of a depository account. */
  limit: decimal.nullable(),
  /** ISO 4217, or Plaid's unofficial code (BTC, …) where ISO has none. */
  currency: z.string().min(1).max(16).nullable(),
});
export type Balances = z.infer<typeof balances>;

/** One bank account. Types and subtypes are Plaid's: https://plaid.com/docs/api/accounts/#account-type-schema */
export const account = z.object({
  id: z.uuid(),
  itemId: z.uuid(),
  name: z.string(),
  officialName: z.string().nullable(),
  /** The last two to four characters of the account number; null where the bank gives none. */
  mask: z.string().nullable(),
  type: z.string(),
  subtype: z.string().nullable(),
  /** The bank no longer shares it, as the person took the permission away: its data is as it was then. */
  revoked: z.boolean(),
  balances,
});
export type Account = z.infer<typeof account>;

/**
 * An account that the bank shares and that is not connected here, as the user chose others or the plan
 * has no room for it: `items.chooseAccounts` takes its id, and then it is the account's.
 */
export const unconnectedAccount = account.pick({
  id: true,
  name: true,
  officialName: true,
  mask: true,
  type: true,
  subtype: true,
});
export type UnconnectedAccount = z.infer<typeof unconnectedAccount>;

/**
 * How an Item's transactions stand. `waiting`: the first ones are on their way. `failed`: we gave up
 * for now and try again within hours. `at` is when a sync last ended well, ISO 8601 UTC. `problem` of a
 * failed one: `cursor_refused`, when Plaid broke the reading off twice and we begin it anew.
 */
export const itemSync = z.object({
  status: z.enum(["waiting", "done", "failed"]),
  at: z.iso.datetime().nullable(),
  problem: z.enum(["cursor_refused"]).nullable(),
});
export type ItemSync = z.infer<typeof itemSync>;

/** `availableAt`: when the bank may be refreshed again, ISO 8601 UTC; null when it never was. */
export const itemRefresh = z.object({
  status: z.enum(["idle", "running"]),
  availableAt: z.iso.datetime().nullable(),
});
export type ItemRefresh = z.infer<typeof itemRefresh>;

/**
 * What the bank sent in a form that cannot be read, as of the last sync: transactions that are not
 * shown or are shown as they were before, and accounts without all of their present balances.
 */
export const unreadable = z.object({
  transactions: z.number().int().nonnegative(),
  accounts: z.number().int().nonnegative(),
});
export type UnreadableCounts = z.infer<typeof unreadable>;

/**
 * One log-in at one bank: Plaid's Item. Times are ISO 8601 UTC. `newAccounts`: the bank has accounts
 * that were not chosen, and update mode offers them.
 */
export const item = z.object({
  id: z.uuid(),
  institution: z.object({ id: z.string().nullable(), name: z.string() }),
  status: itemStatus,
  problem: itemProblem
    .nullable()
    .describe(
      "Why the bank's data does not come, and what brings it back; null while it comes. `wait` leaves the status as it is.",
    ),
  expiresAt: z.iso.datetime().nullable(),
  newAccounts: z.boolean(),
  hasTransactions: z
    .boolean()
    .describe(
      "False for a brokerage or lender that gives no transactions: its accounts and balances are all there is, and `sync` is about these.",
    ),
  notConnected: z
    .array(unconnectedAccount)
    .describe("Accounts that the bank shares and that are not connected here, in its order."),
  sync: itemSync,
  refresh: itemRefresh.describe("How the last `items.refresh` stands."),
  unreadable,
  trail,
  createdAt: z.iso.datetime(),
});
export type Item = z.infer<typeof item>;

/** An Item with its accounts, oldest first. */
export const itemWithAccounts = item.extend({ accounts: z.array(account) });
export type ItemWithAccounts = z.infer<typeof itemWithAccounts>;

/** `accounts.list`: every live Item of the user, newest first. */
export const accountsListOutput = z.object({ items: z.array(itemWithAccounts) });
export type AccountsListOutput = z.infer<typeof accountsListOutput>;

/** `accounts.get`: the account's id, as `accounts.list` gives it. */
export const accountsGetInput = z.object({ id: z.uuid() });
export type AccountsGetInput = z.infer<typeof accountsGetInput>;

/** `accounts.get`: one account of the user with the Item that it belongs to. */
export const accountsGetOutput = z.object({ account, item });
export type AccountsGetOutput = z.infer<typeof accountsGetOutput>;
