import { z } from "zod";
import { account, item, itemRefresh } from "./accounts.ts";
import { advice, adviceText } from "./text.ts";

/**
 * What to connect. `bank`: a bank or a card, with its transactions. `investments`, `loan`: a brokerage or a
 * lender, with the transactions of accounts that have any.
 */
export const linkKind = z.enum(["bank", "investments", "loan"]);
export type LinkKind = z.infer<typeof linkKind>;

/** The link_token that Link was opened with, so that we need not find out how that Link ended. */
const openedWith = z
  .string()
  .max(300)
  .optional()
  .describe(
    "The link_token that Link was opened with. Without it we check at Plaid some minutes later whether that Link was finished.",
  );

/**
 * With `itemId` Link opens in update mode: the user logs in again, and no new Item is created. Link asks
 * which accounts to share when the bank has some that are not shared, and always with `chooseAccounts`.
 */
export const createLinkTokenInput = z.strictObject({
  itemId: z
    .uuid()
    .optional()
    .describe("The id of an Item: Link opens in update mode for it, and no new Item is made."),
  noticeVersion: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .optional()
    .describe(
      "The date of the privacy notice that the user sees now. It is recorded with the connection.",
    ),
  connectAgain: z
    .uuid()
    .optional()
    .describe(
      "The id of an Item whose access has ended (its `problem.kind` is `connect_again`): Link opens for its bank, and the new Item takes over its accounts, with their ids, names and transactions.",
    ),
  kind: linkKind
    .optional()
    .describe(
      "What Link offers: `bank` (the default) banks and cards, `investments` brokerages, `loan` lenders. A bank that is connected as `bank` is billed at the bank connection service for Transactions, `investments` for Investments, `loan` for Liabilities; the latter two for Transactions as well where an account has some. Not used with `itemId`.",
    ),
  chooseAccounts: z
    .boolean()
    .optional()
    .describe("With `itemId`: Link asks which accounts to share, even if the bank needs nothing."),
  hosted: z
    .boolean()
    .optional()
    .describe(
      "Plaid shows Link on a page of its own, at `hostedLinkUrl`: send that to the user within a day. The bank is connected without a page of yours, and `connections.get` returns the result.",
    ),
  completionRedirectUri: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional()
    .describe(
      "With `hosted`: where Plaid's page sends the user when Link ends, with or without a bank.",
    ),
});
export type CreateLinkTokenInput = z.infer<typeof createLinkTokenInput>;

/**
 * What Link is opened with. `expiration` is ISO 8601 UTC. https://plaid.com/docs/api/link/#linktokencreate
 */
export const createLinkTokenOutput = z.object({
  linkToken: z.string().describe("What Plaid Link is opened with."),
  expiration: z.iso.datetime().describe("When the link_token expires, ISO 8601 UTC."),
  linkId: z.uuid().describe("Our id of this Link, for `connections.get`. Not a secret."),
  hostedLinkUrl: z
    .url()
    .nullable()
    .describe("With `hosted`: the address of Plaid's page, to send to the user; otherwise null."),
});
export type CreateLinkTokenOutput = z.infer<typeof createLinkTokenOutput>;

const shortText = adviceText(300);

/** The maximum number of accounts that are read from Link's metadata. */
const maxAccounts = 1000;

const linkAccounts = z.array(
  z.object({
    id: shortText.describe("Plaid's id of the account, as of this Link."),
    name: shortText.describe("The account's name."),
    mask: shortText.describe("The last characters of the account number."),
    type: shortText.describe("Plaid's type of the account."),
    subtype: shortText.describe("Plaid's subtype of the account."),
  }),
);

/**
 * The useful part of Link's `onSuccess` metadata. It comes from the browser, the bank and Link, so it is
 * advice and never trusted. Any part can be missing or wrong: invalid values are dropped, and nothing in it
 * is refused. https://plaid.com/docs/link/web/#link-web-onsuccess-metadata
 */
export const linkMetadata = z.object({
  institution: advice(
    z.object({
      institutionId: shortText.describe("Plaid's id of the bank."),
      name: shortText.describe("The bank's name."),
    }),
  ).describe("The bank that was chosen."),
  accounts: advice(
    z.preprocess(
      (sent: z.input<typeof linkAccounts>) =>
        Array.isArray(sent) ? sent.slice(0, maxAccounts).filter(saysSomething) : sent,
      linkAccounts,
    ),
  ).describe("The accounts that were chosen."),
  linkSessionId: shortText.describe("Link's `link_session_id`."),
});
export type LinkMetadata = z.infer<typeof linkMetadata>;

/** Whether an account of the metadata has any text: each such account counts against the plan. */
function saysSomething(sent: unknown): boolean {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return false;
  const { id, name, mask, type, subtype } = sent as Record<string, unknown>;
  return [id, name, mask, type, subtype].some((field) => shortText.parse(field));
}

/** A public_token in Plaid's format: public-<environment>-<uuid>. */
export const publicToken = z
  .string()
  .max(200)
  .regex(/^public-[a-z]+-[A-Za-z0-9-]+$/, "a public_token looks like public-<environment>-<uuid>");

/** Plaid's ids of accounts, from Link's metadata or `limit_reached`. */
const accountIds = z.array(z.string().min(1).max(300)).min(1).max(maxAccounts);

/**
 * What Link's `onSuccess` passes. `accountIds`: only these accounts are connected, and the Item lists the
 * others as not connected; without it all are. `connectAnyway` is for a retry after `duplicate_accounts`:
 * accounts that only look like known ones are then treated as different.
 */
export const connectAccountInput = z.strictObject({
  publicToken: publicToken.describe(
    "What Link's `onSuccess` passes. It is also the idempotency key: sent twice, it connects once.",
  ),
  metadata: advice(linkMetadata).describe(
    "Link's `onSuccess` metadata, as far as you have it. It is advice: nothing in it is refused.",
  ),
  connectAnyway: z
    .boolean()
    .optional()
    .describe(
      "After `duplicate_accounts`: accounts that only look like known ones are treated as different ones.",
    ),
  linkToken: openedWith,
  accountIds: accountIds
    .optional()
    .describe(
      "Plaid's ids of the accounts to connect, from Link's metadata or `limit_reached`. By default all are connected.",
    ),
});
export type ConnectAccountInput = z.infer<typeof connectAccountInput>;

/**
 * `connected`: this request created the Item; `accounts` are the new ones. `already_connected`: an earlier
 * request with the same public_token created it, or the bank returned only accounts that the user already
 * has, and `item` is the one that holds them.
 */
export const connectAccountOutput = z.object({
  outcome: z
    .enum(["connected", "already_connected"])
    .describe(
      "`connected`: this request created the Item. `already_connected`: an earlier one did, or the bank shared only known accounts.",
    ),
  item: item.describe("The Item that holds the accounts."),
  accounts: z
    .array(account)
    .describe("The new accounts, or all accounts of an Item that existed already."),
});
export type ConnectAccountOutput = z.infer<typeof connectAccountOutput>;

/** What Link's `onSuccess` passes in update mode. Its public_token is not exchanged, and the Item stays. */
export const finishUpdateModeInput = z.strictObject({
  itemId: z.uuid().describe("The id of the Item that Link was opened for."),
  linkSessionId: shortText.describe("Link's `link_session_id`."),
  linkToken: openedWith,
});
export type FinishUpdateModeInput = z.infer<typeof finishUpdateModeInput>;
/** The Item with all its accounts. `added`: how many of them are new. */
export const finishUpdateModeOutput = z.object({
  item: item.describe("The Item after the change."),
  accounts: z.array(account).describe("All accounts of the Item."),
  added: z.number().int().nonnegative().describe("How many of the accounts are new."),
});
export type FinishUpdateModeOutput = z.infer<typeof finishUpdateModeOutput>;

/**
 * `accountIds`: our ids of all accounts to connect, from the Item's `accounts` and `notConnected`. Any other
 * account is disconnected with its transactions, and listed as not connected.
 */
export const chooseAccountsInput = z.strictObject({
  itemId: z.uuid().describe("The id of the Item."),
  accountIds: z
    .array(z.uuid())
    .min(1)
    .max(maxAccounts)
    .describe(
      "Our ids of the accounts to connect from now on, out of its `accounts` and its `notConnected`. Others are disconnected, and their transactions deleted.",
    ),
});
export type ChooseAccountsInput = z.infer<typeof chooseAccountsInput>;

/** The Item with all its accounts. `added` and `removed`: how many were connected and disconnected. */
export const chooseAccountsOutput = z.object({
  item: item.describe("The Item after the change."),
  accounts: z.array(account).describe("All accounts of the Item."),
  added: z.number().int().nonnegative().describe("How many accounts were connected by this call."),
  removed: z
    .number()
    .int()
    .nonnegative()
    .describe("How many accounts were disconnected by this call."),
});
export type ChooseAccountsOutput = z.infer<typeof chooseAccountsOutput>;

export const refreshInput = z.strictObject({
  itemId: z.uuid().describe("The id of the Item to refresh."),
});
export type RefreshInput = z.infer<typeof refreshInput>;
export const refreshOutput = z.object({
  refresh: itemRefresh.describe("The state of the refresh."),
});
export type RefreshOutput = z.infer<typeof refreshOutput>;

/**
 * An event that Link reported to the page (opened, closed, failed). It becomes an analytics line in the log,
 * nothing else. https://plaid.com/docs/link/web/#onevent
 */
export const linkEventInput = z.strictObject({
  eventName: adviceText(100).describe("Link's name of the event: OPEN, EXIT, …"),
  linkSessionId: shortText.describe("Link's `link_session_id`."),
  institutionId: shortText.describe("Plaid's id of the bank, once one was chosen."),
  viewName: shortText.describe("The page of Link, for a TRANSITION_VIEW."),
  errorType: shortText.describe("Plaid's `error_type`, for an ERROR or EXIT."),
  errorCode: shortText.describe("Plaid's `error_code`, for an ERROR or EXIT."),
});
export type LinkEventInput = z.infer<typeof linkEventInput>;
export const linkEventOutput = z.object({
  recorded: z.literal(true).describe("The event is in the log."),
});

/** `confirmation`: `disconnect <name of the bank>`; case and spacing do not matter. */
export const disconnectInput = z.strictObject({
  itemId: z.uuid().describe("The id of the Item to disconnect."),
  confirmation: z
    .string()
    .max(400)
    .describe("`disconnect <name of the bank>`; case and spacing do not matter."),
});
export type DisconnectInput = z.infer<typeof disconnectInput>;

/** The disconnected Item. Its accounts no longer count towards the plan. */
export const disconnectOutput = z.object({
  item: item.pick({ id: true, institution: true }).describe("The disconnected Item."),
  accountCount: z
    .number()
    .int()
    .positive()
    .describe("How many accounts were disconnected. They no longer count towards the plan."),
});
export type DisconnectOutput = z.infer<typeof disconnectOutput>;
