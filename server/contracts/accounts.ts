import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { itemProblem } from "./item-problem-schema.ts";
import { itemStatus } from "./item-status.ts";
import { text } from "./text.ts";
import { timeline } from "./timeline.ts";

export { type ItemStatus, itemStatus } from "./item-status.ts";

/** Never a float, from the database (`numeric`) to the screen (`Intl.NumberFormat` formats these exactly). */
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe("An amount of money as a decimal string, in units of the currency: -1234.56.");

/** The bank's latest balances; each is null when the bank does not return it. */
export const balances = z.object({
  current: decimal
    .nullable()
    .describe(
      "What is in the account, or what is owed on a `credit` or `loan` account, without pending transactions. A decimal string; null when the bank does not return it.",
    ),
  available: decimal
    .nullable()
    .describe(
      "What can be spent or withdrawn now. A decimal string; null when the bank does not return it.",
    ),
  limit: decimal
    .nullable()
    .describe(
      "The credit limit, or the overdraft of a `depository` account. A decimal string; null when there is none or the bank does not return it.",
    ),
  currency: z
    .string()
    .min(1)
    .max(16)
    .nullable()
    .describe(
      "ISO 4217, or Plaid's unofficial code (BTC, …) where ISO has none; null when unknown.",
    ),
});
export type Balances = z.infer<typeof balances>;

/** One bank account. Types and subtypes are Plaid's: https://plaid.com/docs/api/accounts/#account-type-schema */
export const account = z.object({
  id: z.uuid().describe("Our id of the account. It stays when the bank is reconnected."),
  itemId: z.uuid().describe("The id of the Item that the account belongs to."),
  name: z.string().describe("The user's name for the account, or else the bank's."),
  bankName: z.string().describe("The bank's name for the account."),
  officialName: z
    .string()
    .nullable()
    .describe("The bank's name of the product; null when it has none."),
  mask: z
    .string()
    .nullable()
    .describe(
      "The last two to four characters of the account number; null when the bank does not return them.",
    ),
  type: z.string().describe("Plaid's type: depository, credit, loan, investment or other."),
  subtype: z.string().nullable().describe("Plaid's subtype: checking, savings, credit card, …"),
  revoked: z
    .boolean()
    .describe(
      "The bank no longer shares it, because the user withdrew the permission. Its data is from before.",
    ),
  hidden: z
    .boolean()
    .describe("The user excludes it from totals: net worth, money in and out. It stays connected."),
  balances: balances.describe("The bank's latest balances."),
});
export type Account = z.infer<typeof account>;

/**
 * An account that the bank shares and that is not connected, because the user chose others or the plan has no
 * room for it. `items.chooseAccounts` takes its id, which it keeps once it is connected.
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
 * The state of an Item's transactions. `waiting`: the first ones are not complete yet. `failed`: the sync
 * failed and is retried within hours. `at` is when a sync last succeeded, ISO 8601 UTC. `problem` of a failed
 * one: `cursor_refused` when Plaid refused the cursor twice and the sync starts again from the beginning.
 */
export const itemSync = z.object({
  status: z
    .enum(["waiting", "done", "failed"])
    .describe("`waiting`: the first sync is not complete. `failed`: retried within hours."),
  at: z.iso
    .datetime()
    .nullable()
    .describe("When a sync last succeeded, ISO 8601 UTC; null before the first."),
  problem: z
    .enum(["cursor_refused"])
    .nullable()
    .describe(
      "Why it failed, if known. `cursor_refused`: the sync starts again from the beginning.",
    ),
});
export type ItemSync = z.infer<typeof itemSync>;

/** `availableAt`: when the bank may be refreshed again, ISO 8601 UTC; null when it never was. */
export const itemRefresh = z.object({
  status: z.enum(["idle", "running"]).describe("Whether a refresh runs now."),
  availableAt: z.iso
    .datetime()
    .nullable()
    .describe("When the bank may be refreshed again, ISO 8601 UTC; null when it never was."),
});
export type ItemRefresh = z.infer<typeof itemRefresh>;

/**
 * Data that could not be parsed, as of the last sync: transactions that are missing or outdated, and accounts
 * without all of their current balances.
 */
export const unreadable = z.object({
  transactions: z
    .number()
    .int()
    .nonnegative()
    .describe("Transactions that are missing or outdated."),
  accounts: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts without all of their current balances."),
});
export type UnreadableCounts = z.infer<typeof unreadable>;

/**
 * One log-in at one bank: Plaid's Item. Times are ISO 8601 UTC. `newAccounts`: the bank has accounts that
 * were not chosen, and update mode offers them.
 */
export const item = z.object({
  id: z.uuid().describe("Our id of the Item."),
  institution: z
    .object({
      id: z.string().nullable().describe("Plaid's id of the bank; null when Plaid returns none."),
      name: z.string().describe("The bank's name."),
      logo: z
        .string()
        .nullable()
        .describe(
          "The path of its logo here, a square PNG: /logos/….png; null when there is none.",
        ),
      color: z.string().nullable().describe("Its color, like #1f6f78; null when unknown."),
      url: z.string().nullable().describe("Its website; null when unknown."),
    })
    .describe("The bank."),
  status: itemStatus.describe("Whether the bank's data arrives, and what the bank needs if not."),
  problem: itemProblem
    .nullable()
    .describe(
      "Why the bank's data does not arrive, and what restores it; null while it arrives. `wait` does not change the status.",
    ),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe("When the user's permission ends, ISO 8601 UTC; null when it has no known end."),
  newAccounts: z
    .boolean()
    .describe("The bank has accounts that were not chosen; update mode offers them."),
  hasTransactions: z
    .boolean()
    .describe(
      "False for a brokerage or lender without transactions: it has only accounts and balances, and `sync` is about these.",
    ),
  notConnected: z
    .array(unconnectedAccount)
    .describe("Accounts that the bank shares and that are not connected, in the bank's order."),
  sync: itemSync.describe("The state of the Item's transactions."),
  refresh: itemRefresh.describe("The state of the last `items.refresh`."),
  unreadable: unreadable.describe("Data of the last sync that could not be read."),
  timeline: timeline.describe("The steps of the connection, with the state of each."),
  createdAt: z.iso.datetime().describe("When the bank was connected, ISO 8601 UTC."),
});
export type Item = z.infer<typeof item>;

/** An Item with its accounts, oldest first. */
export const itemWithAccounts = item.extend({
  accounts: z.array(account).describe("Its accounts, oldest first."),
});
export type ItemWithAccounts = z.infer<typeof itemWithAccounts>;

/** `accounts.list`: every live Item of the user, newest first. */
export const accountsListOutput = z.object({
  items: z.array(itemWithAccounts).describe("Every live Item of the user, newest first."),
});
export type AccountsListOutput = z.infer<typeof accountsListOutput>;

/** `accounts.get`: the account's id, as `accounts.list` gives it. */
export const accountsGetInput = z.object({
  id: z.uuid().describe("The account's id, as in `accounts.list`."),
});
export type AccountsGetInput = z.infer<typeof accountsGetInput>;

/** `accounts.get`: one account of the user with the Item that it belongs to. */
export const accountsGetOutput = z.object({
  account: account.describe("The account."),
  item: item.describe("The Item that it belongs to."),
});
export type AccountsGetOutput = z.infer<typeof accountsGetOutput>;

/** `accounts.update`: fields that are not set do not change. */
export const accountsUpdateInput = z.strictObject({
  accountId: z.uuid().describe("The account's id, as in `accounts.list`."),
  name: text
    .trim()
    .min(1, fieldProblems.name)
    .max(100, fieldProblems.atMost("100"))
    .nullable()
    .optional()
    .describe("The user's name for the account; null for the bank's."),
  hidden: z.boolean().optional().describe("Whether it is excluded from totals."),
});
export type AccountsUpdateInput = z.infer<typeof accountsUpdateInput>;

/** `accounts.update`: the changed account. */
export const accountsUpdateOutput = z.object({ account: account.describe("The changed account.") });
export type AccountsUpdateOutput = z.infer<typeof accountsUpdateOutput>;
