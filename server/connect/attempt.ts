import type { Transition } from "../../db/link-attempts.ts";
import type { LinkAttemptRow } from "../../db/schema.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";

/**
 * The rules of an attempt: one public_token on its way to a connection. Pure; `db/link-attempts.ts`
 * performs the transitions, `end-attempt.ts` the endings, and `tests/model/attempt.test.ts` walks every
 * interleaving of both.
 *
 * | state     | stored                        | entered by                                          |
 * | --------- | ----------------------------- | --------------------------------------------------- |
 * | recorded  | started, token, no run        | the request; or the recovery, whose exchange        |
 * |           |                               | certainly did not happen                            |
 * | open      | started, no token, no run     | a failure that lets the user send the token again   |
 * | sending   | started, token, run R         | run R under the user's lock, before the exchange    |
 * | exchanged | exchanged, access token       | R's exchange; never refused                         |
 * | connected | connected, `items` row        | the insert, under the lock                          |
 * | removing  | removing, token, reason       | clean-up from exchanged; disconnect from connected; |
 * |           |                               | a token that arrives after the attempt failed       |
 * | failed    | failed, reason                | a final rejection; a removal that Plaid confirmed   |
 *
 * A run is one request, or one pass of the recovery. It marks the attempt with its id before it sends,
 * so another run's mark means that an earlier exchange may have succeeded.
 */
export type AttemptState =
  | "recorded"
  | "open"
  | "sending"
  | "exchanged"
  | "connected"
  | "removing"
  | "failed";

/** The stored columns that determine the state. */
export type AttemptColumns = Pick<
  LinkAttemptRow,
  "status" | "public_token_sealed" | "run_id" | "sent_again"
>;

/** Returns the state of a stored attempt. */
export function stateOf(attempt: AttemptColumns): AttemptState {
  if (attempt.status !== "started") return attempt.status;
  if (attempt.public_token_sealed === null) return "open";
  return mayHaveBeenSent(attempt) ? "sending" : "recorded";
}

/**
 * Whether an earlier exchange of the public_token may have succeeded and its response been lost. Nodes of the
 * previous release set `sent_again` instead of `run_id`.
 */
export function mayHaveBeenSent(attempt: Pick<LinkAttemptRow, "run_id" | "sent_again">): boolean {
  return attempt.run_id !== null || attempt.sent_again;
}

/**
 * Each transition: the stored statuses it starts from, whose mark it requires, and how it changes the
 * columns.
 */
export const transitions = {
  /** Before the exchange is sent. Refused when another run has marked the attempt since it was read. */
  mark: {
    status: { started: "started" },
    mark: "as read",
    publicToken: "store",
    run: "store",
    choice: "store",
  },
  /** Certainly not exchanged. The user may send the public_token again until it expires. */
  open: {
    status: { started: "started" },
    mark: "none or own",
    publicToken: "clear",
    run: "clear",
    choice: "clear",
  },
  /** Certainly not exchanged. The recovery sends the public_token again later. */
  unmark: { status: { started: "started" }, mark: "own", run: "clear" },
  /**
   * The exchange succeeded. It is saved even when the attempt has failed meanwhile, so that the Item can be
   * removed.
   */
  save: {
    status: { started: "exchanged", failed: "removing" },
    publicToken: "clear",
    run: "clear",
    accessToken: "store",
  },
  /** In the statement that inserts the Item, which then stores the access token. */
  connect: { status: { exchanged: "connected" }, accessToken: "clear", choice: "clear" },
  /** The Item must be removed at Plaid. */
  remove: { status: { exchanged: "removing" }, reason: "store", choice: "clear" },
  /** A live Item is disconnected. Its access token moves back to the attempt. */
  disconnect: { status: { connected: "removing" }, accessToken: "store", reason: "store" },
  /** Plaid confirmed the removal, or another row holds the Item. */
  removed: { status: { removing: "failed" }, accessToken: "clear" },
  /** No Item was created. */
  fail: {
    status: { started: "failed" },
    mark: "none or own",
    publicToken: "clear",
    run: "clear",
    reason: "store",
    choice: "clear",
  },
  /** The exchange returned an Item that belongs to another attempt. */
  settle: {
    status: { started: "failed", exchanged: "failed" },
    publicToken: "clear",
    run: "clear",
    accessToken: "clear",
    reason: "store",
    choice: "clear",
  },
} as const satisfies Record<string, Transition>;

/** How far a run has come. Its ending depends on this. */
export type Stage =
  /** This run has sent nothing. */
  | { at: "waiting" }
  /** The exchange has been sent. `earlier`: an earlier exchange may have succeeded. */
  | { at: "sending"; earlier: boolean }
  /** The access token is only in memory. */
  | { at: "held" }
  /** The access token is stored with the attempt. */
  | { at: "saved" }
  /** The Item is inserted; the commit may still fail. */
  | { at: "committing" };

/** How a run ends when it does not connect the bank. */
export interface Ending {
  /**
   * The transition to perform; null leaves the attempt to the recovery. `remove from memory` removes
   * the Item at Plaid first, since no row holds its access token, and then fails the attempt.
   */
  transition: "open" | "unmark" | "fail" | "settle" | "remove" | "remove from memory" | null;
  /** What the caller gets. Stored with the attempt when the ending is final. */
  error: FiscilityError;
  /** The user's live Item that holds the accounts. The caller gets it instead of `error`. */
  heldBy?: string;
}

/** After the exchange: the user already has every account that the bank shares. */
export class NothingNew extends Error {
  readonly itemId: string;

  /** @param itemId the live Item that holds the accounts */
  constructor(itemId: string) {
    super("the bank shared only accounts that are connected already");
    this.itemId = itemId;
  }
}

/**
 * The exchange returned an Item that belongs to another attempt, because the public_token came from update
 * mode. This Item must not be removed.
 */
export class SameItem extends Error {
  readonly itemId: string | null;

  /** @param itemId the user's live Item; null when it is being removed or belongs to another user */
  constructor(itemId: string | null) {
    super("the public_token belongs to an Item that exists already");
    this.itemId = itemId;
  }
}

/**
 * Decides how a run ends when its work threw `error` at `stage`. Nobody can send the token again to the
 * recovery, so an attempt that may still succeed stays with it.
 */
export function endingOf(stage: Stage, error: unknown, by: "request" | "recovery"): Ending {
  const known = error instanceof FiscilityError ? error : null;
  if (error instanceof SameItem) {
    const invalid = new FiscilityError("public_token_invalid");
    return { transition: "settle", error: invalid, ...(error.itemId && { heldBy: error.itemId }) };
  }
  switch (stage.at) {
    case "waiting":
      if (!known || known.reason === "outcome_pending") return pending(error);
      if (known.reason === "unauthenticated") return { transition: "fail", error: known };
      if (by === "recovery" && isRetryable(known)) return { transition: null, error: known };
      return { transition: "open", error: known };
    case "sending": {
      const mayHaveExchanged = stage.earlier || known?.plaid?.mayHaveActed === true;
      if (known?.reason === "public_token_invalid") {
        const lost = new FiscilityError("exchange_lost", { plaid: known.plaid });
        return { transition: "fail", error: mayHaveExchanged ? lost : known };
      }
      if (!known || mayHaveExchanged) return pending(error);
      if (isFinal(known)) return { transition: "fail", error: known };
      const again = by === "recovery" && isRetryable(known);
      return { transition: again ? "unmark" : "open", error: known };
    }
    case "held":
      return { transition: "remove from memory", error: spent(error) };
    case "saved":
    case "committing":
      if (error instanceof NothingNew) {
        return { transition: "remove", error: spent(error), heldBy: error.itemId };
      }
      return { transition: "remove", error: spent(error) };
  }
}

/** The recovery finds out whether the exchange succeeded. */
function pending(error: unknown): Ending {
  const plaid = error instanceof FiscilityError ? error.plaid : undefined;
  const cause = error instanceof FiscilityError ? error.cause : error;
  return {
    transition: null,
    error: new FiscilityError("outcome_pending", { ...(plaid && { plaid }), cause }),
  };
}

/** Whether the same public_token may succeed later. A bank that is unavailable may recover. */
function isRetryable({ reason }: FiscilityError): boolean {
  return reasons[reason].retryable || reason === "bank_unavailable";
}

/** Whether Plaid will always reject this public_token. */
function isFinal({ reason }: FiscilityError): boolean {
  return reason === "plaid_refused" || reason === "bank_unsupported" || reason === "item_gone";
}

/** After the exchange the Item is removed, so the user cannot send the same public_token again. */
function spent(error: unknown): FiscilityError {
  if (!(error instanceof FiscilityError)) {
    return new FiscilityError("connect_failed", { cause: error });
  }
  const known: FiscilityError = error;
  return reasons[known.reason].retryable
    ? new FiscilityError("connect_failed", { ...(known.plaid && { plaid: known.plaid }) })
    : known;
}

/**
 * The reason of an attempt that ended because the user already had the Item or all accounts that the bank
 * shared.
 */
export const nothingNew = "nothing_new";
/** The reason of an attempt whose connection the user has ended. */
export const disconnected = "disconnected";

/** The reason that an attempt stores: one of `contracts/errors.ts`, or `nothing_new`. */
export function storedReason({ error, heldBy }: Ending): { reason: string; details: unknown } {
  return heldBy === undefined
    ? { reason: error.reason, details: error.details }
    : { reason: nothingNew, details: { itemId: heldBy } };
}
