import { revokeAllApiKeys } from "../../db/api-keys.ts";
import type { Db } from "../../db/client.ts";
import { setPassword } from "../../db/credentials.ts";
import { endMailLinks } from "../../db/mail-links.ts";
import { queueMail } from "../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { deleteOtherSessions, endOtherProofs } from "../../db/sessions.ts";
import { lockUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Auth } from "./auth.ts";
import { whyGuessed } from "./guessed-passwords.ts";
import type { Identity } from "./identity.ts";

/** A new password, and what the old one may have been used for that ends with it. */
export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** Ends every session but this one. */
  endOthers: boolean;
  /** Revokes every API key. */
  revokeKeys: boolean;
}

/**
 * Changes the password, ends other sessions and revokes API keys in one transaction: all of it, or
 * nothing. The user is mailed. Links to choose a new password, mailed before, no longer work. What other sessions that go on have proved ends in any case. Returns better-auth's code of what
 * was wrong with a password, or null.
 * @throws `too_many_attempts`; `unauthenticated` when nobody is logged in.
 */
export async function changePassword(
  { auth, db }: { auth: Auth; db: Db },
  { identity: { user, sessionId }, origin }: { identity: Identity; origin: Origin },
  { currentPassword, newPassword, endOthers, revokeKeys }: PasswordChange,
  log: Log,
): Promise<string | null> {
  if (user === null || sessionId === null) throw new FiscilityError("unauthenticated");
  const guessed = whyGuessed(newPassword);
  if (guessed) return guessed.code;
  if (!(await auth.isPassword(user.id, currentPassword))) return "INVALID_PASSWORD";
  // Before the transaction: a hash takes its time, and a connection is not to wait for it.
  const hash = await auth.hashPassword(newPassword);
  const ended = await db.transaction().execute(async (tx) => {
    // A key that is being made is made by then, and revoked with the others, or is refused.
    const { deleted } = await lockUser(tx, user.id);
    if (deleted) throw new FiscilityError("unauthenticated");
    await setPassword(tx, user.id, hash);
    const sessions = endOthers ? await deleteOtherSessions(tx, user.id, sessionId) : 0;
    await endOtherProofs(tx, user.id, sessionId);
    const apiKeys = revokeKeys ? await revokeAllApiKeys(tx, user.id, new Date()) : 0;
    await endMailLinks(tx, user.id);
    const details = { sessionsEnded: String(sessions), apiKeysRevoked: String(apiKeys) };
    await recordSecurityEvent(tx, { userId: user.id, kind: "password_changed", details, origin });
    await queueMail(tx, { userId: user.id, kind: "password_changed", details: { by: "password" } });
    return { sessions, apiKeys };
  });
  log.info({ event: "password_changed", userId: user.id, ended }, "Password changed");
  return null;
}
