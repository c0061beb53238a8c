import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { itemProblem } from "./item-problem-schema.ts";
import { itemStatus } from "./item-status.ts";
import { text } from "./text.ts";
import { trail } from "./trail.ts";

export { type ItemStatus, itemStatus } from "./item-status.ts";

/** Never a float, from the database (`numeric`) to the screen (`Intl.NumberFormat` formats these exactly). */
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe("An amount of money as a decimal string, in units of the currency: -1234.56.");

/** Balances as the bank last gave them; each is null where the bank does not say. */
export const balances = z.object({
  current: decimal
    .nullable()
    .describe(
      "What is in the account, or what is owed on a `credit` or `loan` account, without pending transactions. A decimal string; null where the bank does not say.",
    ),
  available: decimal
    .nullable()
    .describe(
      "What can be spent or withdrawn now. A decimal string; null where the bank does not say.",
    ),
  limit: decimal
    .nullable()
    .describe(
      "The credit limit, or the overdraft of a `depository` account. A decimal string; null where there is none or the bank does not say.",
    ),
  currency: z
    .string()
    .min(1)
    .max(16)
    .nullable()
    .describe(
      "ISO 4217, or Plaid's unofficial code (BTC, …) where ISO has none; null where neither is known.",
    ),
});
export type Balances = z.infer<typeof balances>;

/** One bank account. Types and subtypes are Plaid's: https://plaid.com/docs/api/accounts/#account-type-schema */
export const account = z.object({
  id: z.uuid().describe("Our id of the account. It stays when the bank is reconnected."),
  itemId: z.uuid().describe("The id of the Item that the account belongs to."),
  name: z.string().describe("What the user calls the account, or else the bank."),
  bankName: z.string().describe("What the bank calls the account."),
  officialName: z
    .string()
    .nullable()
    .describe("The bank's name of the product; null where it gives none."),
  mask: z
    .string()
    .nullable()
    .describe(
      "The last two to four characters of the account number; null where the bank gives none.",
    ),
  type: z.string().describe("Plaid's type: depository, credit, loan, investment or other."),
  subtype: z.string().nullable().describe("Plaid's subtype: checking, savings, credit card, …"),
  revoked: z
    .boolean()
    .describe(
      "The bank no longer shares it, as the user took the permission away: its data is as it was then.",
    ),
  hidden: z
    .boolean()
    .describe("The user leaves it out of totals: net worth, money in and out. It stays connected."),
  balances: balances.describe("Balances as the bank last gave them."),
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
  status: z
    .enum(["waiting", "done", "failed"])
    .describe("`waiting`: the first ones are on their way. `failed`: tried again within hours."),
  at: z.iso
    .datetime()
    .nullable()
    .describe("When a sync last succeeded, ISO 8601 UTC; null before the first."),
  problem: z
    .enum(["cursor_refused"])
    .nullable()
    .describe(
      "Why it failed, where that is known. `cursor_refused`: it begins again from the start.",
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
 * What the bank sent in a form that cannot be read, as of the last sync: transactions that are not
 * shown or are shown as they were before, and accounts without all of their present balances.
 */
export const unreadable = z.object({
  transactions: z
    .number()
    .int()
    .nonnegative()
    .describe("Transactions that are not shown, or are shown as they were before."),
  accounts: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts without all of their present balances."),
});
export type UnreadableCounts = z.infer<typeof unreadable>;

/**
 * One log-in at one bank: Plaid's Item. Times are ISO 8601 UTC. `newAccounts`: the bank has accounts
 * that were not chosen, and update mode offers them.
 */
export const item = z.object({
  id: z.uuid().describe("Our id of the Item."),
  institution: z
    .object({
      id: z.string().nullable().describe("Plaid's id of the bank; null where Plaid gives none."),
      name: z.string().describe("The bank's name."),
      logo: z
        .string()
        .nullable()
        .describe(
          "The path of its logo here, a square PNG: /logos/….png; null where there is none.",
        ),
      color: z.string().nullable().describe("Its color, as #1f6f78; null where it is not known."),
      url: z.string().nullable().describe("Its own site; null where it is not known."),
    })
    .describe("The bank."),
  status: itemStatus.describe("Whether the bank's data can be read, and what it needs where not."),
  problem: itemProblem
    .nullable()
    .describe(
      "Why the bank's data does not come, and what brings it back; null while it comes. `wait` leaves the status as it is.",
    ),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe(
      "When the user's permission ends, ISO 8601 UTC; null where it has no end that is known.",
    ),
  newAccounts: z
    .boolean()
    .describe("The bank has accounts that were not chosen; update mode offers them."),
  hasTransactions: z
    .boolean()
    .describe(
      "False for a brokerage or lender that gives no transactions: its accounts and balances are all there is, and `sync` is about these.",
    ),
  notConnected: z
    .array(unconnectedAccount)
    .describe("Accounts that the bank shares and that are not connected here, in its order."),
  sync: itemSync.describe("How the Item's transactions stand."),
  refresh: itemRefresh.describe("How the last `items.refresh` stands."),
  unreadable: unreadable.describe(
    "What the bank sent in a form that cannot be read, as of the last sync.",
  ),
  trail: trail.describe("The steps of the connection, and how each stands."),
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
  id: z.uuid().describe("The account's id, as `accounts.list` gives it."),
});
export type AccountsGetInput = z.infer<typeof accountsGetInput>;

/** `accounts.get`: one account of the user with the Item that it belongs to. */
export const accountsGetOutput = z.object({
  account: account.describe("The account."),
  item: item.describe("The Item that it belongs to."),
});
export type AccountsGetOutput = z.infer<typeof accountsGetOutput>;

/** `accounts.update`: what is left out stays as it is. */
export const accountsUpdateInput = z.strictObject({
  accountId: z.uuid().describe("The account's id, as `accounts.list` gives it."),
  name: text
    .trim()
    .min(1, fieldProblems.name)
    .max(100, fieldProblems.atMost("100"))
    .nullable()
    .optional()
    .describe("What the user calls the account; null for the bank's name."),
  hidden: z.boolean().optional().describe("Whether it is left out of totals."),
});
export type AccountsUpdateInput = z.infer<typeof accountsUpdateInput>;

/** `accounts.update`: the account as it is now. */
export const accountsUpdateOutput = z.object({ account: account.describe("The account now.") });
export type AccountsUpdateOutput = z.infer<typeof accountsUpdateOutput>;
