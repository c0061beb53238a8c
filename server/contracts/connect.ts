import { z } from "zod";
import { account, item, itemRefresh } from "./accounts.ts";
import { advice, adviceText } from "./text.ts";

/**
 * What is to be connected. `bank`: a bank or a card, with its transactions. `investments`, `loan`: a brokerage
 * or a lender, with the transactions of those accounts that have some.
 */
export const linkKind = z.enum(["bank", "investments", "loan"]);
export type LinkKind = z.infer<typeof linkKind>;

/** The link_token that Link was opened with: what becomes of it needs no more looking for. */
const openedWith = z
  .string()
  .max(300)
  .optional()
  .describe(
    "The link_token that Link was opened with. Without it we ask Plaid some minutes later whether that Link was finished.",
  );

/**
 * With `itemId` Link opens in update mode: the person logs in again, and no new Item is made. Where the
 * bank has accounts that are not shared, it asks which ones are to be; with `chooseAccounts` it always does.
 */
export const createLinkTokenInput = z.strictObject({
  itemId: z.uuid().optional(),
  noticeVersion: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .optional()
    .describe(
      "The privacy notice that the user is shown now, by its date. It is recorded with the connection.",
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
  chooseAccounts: z.boolean().optional(),
});
export type CreateLinkTokenInput = z.infer<typeof createLinkTokenInput>;

/** What Link is opened with. `expiration` is ISO 8601 UTC. https://plaid.com/docs/api/link/#linktokencreate */
export const createLinkTokenOutput = z.object({
  linkToken: z.string(),
  expiration: z.iso.datetime(),
  linkId: z
    .uuid()
    .describe("Our id of this Link. It is no secret: a tab of ours finds its own Link by it."),
});
export type CreateLinkTokenOutput = z.infer<typeof createLinkTokenOutput>;

const shortText = adviceText(300);

/** Accounts of Link's metadata that are looked at. */
const mostAccounts = 1000;

const linkAccounts = z.array(
  z.object({
    id: shortText,
    name: shortText,
    mask: shortText,
    type: shortText,
    subtype: shortText,
  }),
);

/**
 * Link's `onSuccess` metadata, as far as it is of use. It comes from the browser and is whatever the bank
 * and Link give: advice, never truth. Any part can be missing or wrong; what cannot be used is dropped,
 * and nothing in it is refused.
 * https://plaid.com/docs/link/web/#link-web-onsuccess-metadata
 */
export const linkMetadata = z.object({
  institution: advice(z.object({ institutionId: shortText, name: shortText })),
  accounts: advice(
    z.preprocess(
      (sent: z.input<typeof linkAccounts>) =>
        Array.isArray(sent) ? sent.slice(0, mostAccounts).filter(saysSomething) : sent,
      linkAccounts,
    ),
  ),
  linkSessionId: shortText,
});
export type LinkMetadata = z.infer<typeof linkMetadata>;

/** Whether an account of the metadata has a text at all: each one counts against the plan. */
function saysSomething(sent: unknown): boolean {
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) return false;
  const { id, name, mask, type, subtype } = sent as Record<string, unknown>;
  return [id, name, mask, type, subtype].some((field) => shortText.parse(field));
}

/** A public_token as Plaid writes it: public-<environment>-<uuid>. */
export const publicToken = z
  .string()
  .max(200)
  .regex(/^public-[a-z]+-[A-Za-z0-9-]+$/, "a public_token looks like public-<environment>-<uuid>");

/** Plaid's ids of accounts, as Link's metadata or `limit_reached` gives them. */
const accountIds = z.array(z.string().min(1).max(300)).min(1).max(mostAccounts);

/**
 * What Link's `onSuccess` hands over. `accountIds`: of the bank's accounts only these are connected, and
 * the others are listed with the Item as not connected; absent, all are. `connectAnyway` answers `duplicate_accounts`: accounts that
 * only look like known ones are then taken as others.
 */
export const connectAccountInput = z.strictObject({
  publicToken,
  metadata: advice(linkMetadata),
  connectAnyway: z.boolean().optional(),
  linkToken: openedWith,
  accountIds: accountIds.optional(),
});
export type ConnectAccountInput = z.infer<typeof connectAccountInput>;

/**
 * `connected`: this request made the Item; `accounts` are those that are new. `already_connected`:
 * an earlier request with the same public_token made it, or the bank gave only accounts that the
 * person had already, and `item` is the one that holds them.
 */
export const connectAccountOutput = z.object({
  outcome: z.enum(["connected", "already_connected"]),
  item,
  accounts: z.array(account),
});
export type ConnectAccountOutput = z.infer<typeof connectAccountOutput>;

/** What Link's `onSuccess` says in update mode: its public_token is not exchanged, the Item stays. */
export const finishUpdateModeInput = z.strictObject({
  itemId: z.uuid(),
  linkSessionId: shortText,
  linkToken: openedWith,
});
export type FinishUpdateModeInput = z.infer<typeof finishUpdateModeInput>;
/** The Item with all its accounts; `added` of them (a number) are new here. */
export const finishUpdateModeOutput = z.object({
  item,
  accounts: z.array(account),
  added: z.number().int().nonnegative(),
});
export type FinishUpdateModeOutput = z.infer<typeof finishUpdateModeOutput>;

/**
 * `accountIds`: our ids of the accounts of this Item that are to be connected from now on, out of its
 * `accounts` and its `notConnected`. One that is left out is taken out with its transactions, and listed.
 */
export const chooseAccountsInput = z.strictObject({
  itemId: z.uuid(),
  accountIds: z.array(z.uuid()).min(1).max(mostAccounts),
});
export type ChooseAccountsInput = z.infer<typeof chooseAccountsInput>;

/** The Item with all its accounts; `added` of them (a number) were not connected before, `removed` were. */
export const chooseAccountsOutput = z.object({
  item,
  accounts: z.array(account),
  added: z.number().int().nonnegative(),
  removed: z.number().int().nonnegative(),
});
export type ChooseAccountsOutput = z.infer<typeof chooseAccountsOutput>;

export const refreshInput = z.strictObject({ itemId: z.uuid() });
export type RefreshInput = z.infer<typeof refreshInput>;
export const refreshOutput = z.object({ refresh: itemRefresh });
export type RefreshOutput = z.infer<typeof refreshOutput>;

/**
 * Something Link told the page (opened, closed, failed): an analytics line in the log, nothing else.
 * https://plaid.com/docs/link/web/#onevent
 */
export const linkEventInput = z.strictObject({
  eventName: adviceText(100),
  linkSessionId: shortText,
  institutionId: shortText,
  viewName: shortText,
  errorType: shortText,
  errorCode: shortText,
});
export type LinkEventInput = z.infer<typeof linkEventInput>;
export const linkEventOutput = z.object({ recorded: z.literal(true) });

/** `confirmation`: `disconnect <name of the bank>`; capitals and spacing do not matter. */
export const disconnectInput = z.strictObject({
  itemId: z.uuid(),
  confirmation: z.string().max(400),
});
export type DisconnectInput = z.infer<typeof disconnectInput>;

/** What is gone; its room in the plan is free again. */
export const disconnectOutput = z.object({
  item: item.pick({ id: true, institution: true }),
  accountCount: z.number().int().positive(),
});
export type DisconnectOutput = z.infer<typeof disconnectOutput>;
