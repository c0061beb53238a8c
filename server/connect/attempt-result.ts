import type { Db } from "../../db/client.ts";
import { findItem } from "../../db/items.ts";
import type { ConnectingAttempt } from "../../db/link-attempts.ts";
import type { ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import { disconnected, nothingNew } from "./attempt.ts";

/**
 * The public_token was used before and its attempt failed. The caller gets the stored error; nothing new is
 * logged.
 */
export class AttemptEnded extends Error {
  readonly error: FiscilityError;

  constructor(error: FiscilityError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * Returns what an ended attempt returned the first time; null while it has not ended.
 *
 * @throws AttemptEnded when the attempt ended with an error
 */
export async function storedResult(
  db: Db,
  attempt: ConnectingAttempt,
): Promise<ConnectAccountOutput | null> {
  const { status, reason, reason_details: details } = attempt;
  if (status === "started" || status === "exchanged") return null;
  const invalid = () => new AttemptEnded(new FiscilityError("public_token_invalid"));
  if (reason === disconnected) throw invalid();
  if (status !== "connected" && reason !== nothingNew) throw storedError(reason, details);
  const itemId = status === "connected" ? attempt.id : (details as { itemId: string }).itemId;
  const output = await connectedOutput(db, attempt.user_id, itemId, "already_connected");
  // The Item that held the accounts has been disconnected since.
  if (!output) throw invalid();
  return output;
}

/** Returns a live Item of the user as the output of `connectAccount`; null when it does not exist. */
export async function connectedOutput(
  db: Db,
  userId: string,
  itemId: string,
  outcome: ConnectAccountOutput["outcome"],
): Promise<ConnectAccountOutput | null> {
  const found = await findItem(db, userId, itemId);
  if (!found) return null;
  const { accounts, ...item } = found;
  return { outcome, item, accounts };
}

function storedError(reason: string | null, details: unknown): AttemptEnded {
  const known = reason !== null && reason in reasons ? (reason as Reason) : "connect_failed";
  return new AttemptEnded(
    new FiscilityError<Reason>(known, { details: (details ?? undefined) as never }),
  );
}
