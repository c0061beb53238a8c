import type { Db } from "../../db/client.ts";
import { findItem } from "../../db/items.ts";
import type { LinkAttemptRow } from "../../db/schema.ts";
import type { ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import { disconnected, nothingNew } from "./attempt.ts";

/** The public_token was answered before: the same error again, with nothing new to account for. */
export class AttemptEnded extends Error {
  readonly answer: FiscilityError;

  constructor(answer: FiscilityError) {
    super(answer.message);
    this.answer = answer;
  }
}

/**
 * What an attempt that has ended answers; null for one that has not.
 *
 * @throws AttemptEnded when the answer is an error
 */
export async function storedAnswer(
  db: Db,
  attempt: LinkAttemptRow,
): Promise<ConnectAccountOutput | null> {
  const { status, reason, reason_details: details } = attempt;
  if (status === "started" || status === "exchanged") return null;
  const invalid = () => new AttemptEnded(new FiscilityError("public_token_invalid"));
  if (reason === disconnected) throw invalid();
  if (status !== "connected" && reason !== nothingNew) throw storedError(reason, details);
  const itemId = status === "connected" ? attempt.id : (details as { itemId: string }).itemId;
  const output = await itemAnswer(db, attempt.user_id, itemId, "already_connected");
  // The Item that held the accounts was disconnected since.
  if (!output) throw invalid();
  return output;
}

/** A live Item of the user as the answer of `connectAccount`; null when it is not there. */
export async function itemAnswer(
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
