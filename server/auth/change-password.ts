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

/** A new password, and what to revoke with the old one. */
export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** Ends every other session. */
  endOthers: boolean;
  /** Revokes every API key. */
  revokeKeys: boolean;
}

/**
 * Changes the password, ends other sessions and revokes API keys in one transaction. Other sessions that
 * continue lose their proof of identity. Mailed links that reset the password stop working. The user is
 * mailed.
 *
 * @returns better-auth's code of what is wrong with a password, or null
 * @throws FiscilityError `too_many_attempts`; `unauthenticated` without a session
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
  // Before the transaction: hashing takes time, and must not hold a connection.
  const hash = await auth.hashPassword(newPassword);
  const ended = await db.transaction().execute(async (tx) => {
    // A key that is being created is either committed by now, and revoked with the others, or it is refused.
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
