import { z } from "zod";
import { type ChangePlace, findChanges } from "../../db/transaction-changes.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { TransactionChanges, TransactionChangesInput } from "../contracts/transactions.ts";
import type { Services } from "../services.ts";

/** The default number of changes per page. */
const pageSize = 200;

/** Removals are stored a day longer: `server/jobs/retention.ts`. */
const cursorDays = 90;

/**
 * Returns the changes of the user's transactions since a cursor, oldest first.
 *
 * @throws FiscilityError the reasons of the procedure `transactions.changes`; `invalid_input` for a cursor
 *   that is not ours
 */
export async function listChanges(
  { db, heavyReads }: Pick<Services, "db" | "heavyReads">,
  user: { id: string },
  { since, limit = pageSize }: TransactionChangesInput,
): Promise<TransactionChanges> {
  const after = since === undefined ? null : readCursor(since);
  const found = await heavyReads.run(user.id, () => findChanges(db, user.id, after, limit));
  const { next, newest, readAt, ...page } = found;
  if (after) {
    const age = readAt - after.completeAt;
    // A version that does not exist yet: the database was restored from a backup.
    const isUnknown = after.version > newest || after.removedAfter > newest;
    if (age > cursorDays * 86_400 || isUnknown) throw new FiscilityError("cursor_expired");
  }
  const completeAt = page.hasMore ? (after?.completeAt ?? readAt) : readAt;
  return { ...page, cursor: writeCursor({ ...next, completeAt }) };
}

/** `completeAt`: when its reader last had every change, or began. Seconds since 1970. */
type Cursor = ChangePlace & { completeAt: number };

const count = z.int().min(0);
const key = z.string().regex(/^(?:[01][\x21-\x7e]{1,240}|2)$/);
const fields = z.tuple([count, key, count, count]);

function writeCursor({ version, key, removedAfter, completeAt }: Cursor): string {
  const written = [version, key, removedAfter, Math.floor(completeAt)];
  return Buffer.from(JSON.stringify(written)).toString("base64url");
}

function readCursor(cursor: string): Cursor {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    const [version, key, removedAfter, completeAt] = fields.parse(read);
    return { version, key, removedAfter, completeAt };
  } catch {
    throw new FiscilityError("invalid_input", {
      details: { issues: [{ path: "since", message: "This is no cursor of ours." }] },
    });
  }
}
