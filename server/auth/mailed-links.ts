import { revokeAllApiKeys } from "../../db/api-keys.ts";
import type { Db } from "../../db/client.ts";
import { setPassword } from "../../db/credentials.ts";
import {
  findMailLink,
  type LinkPurpose,
  type MailLink,
  spendMailLink,
} from "../../db/mail-links.ts";
import { queueMail } from "../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { deleteAllSessions } from "../../db/sessions.ts";
import { findAddress } from "../../db/sign-ups.ts";
import { lockUser } from "../../db/users.ts";
import type { Log } from "../telemetry/log.ts";
import type { Auth } from "./auth.ts";
import { whyGuessed } from "./guessed-passwords.ts";
import { proveAddress } from "./prove-address.ts";

/**
 * The state of a mailed link. `other_user`: the browser is logged in as another user than the link's, who
 * must not act for them by mistake. `taken`: another user has confirmed the address since.
 */
export type LinkState = "good" | "used" | "expired" | "unknown" | "other_user";
export type LinkOutcome = "done" | "taken" | Exclude<LinkState, "good">;

/** Tokens have 43 characters; others are not worth hashing. */
const isWellFormed = (token: string) => /^[\w-]{43}$/.test(token);

/** Returns whether a link works, before the user fills in its form. `email` is null unless it works. */
export async function readLink(
  db: Db,
  purpose: LinkPurpose,
  token: string,
  viewerId: string | null,
): Promise<{ state: LinkState; email: string | null }> {
  const link = await find(db, purpose, token, viewerId);
  return typeof link === "string"
    ? { state: link, email: null }
    : { state: link.state, email: link.state === "good" ? link.email : null };
}

async function find(
  db: Db,
  purpose: LinkPurpose,
  token: string,
  viewerId: string | null,
): Promise<MailLink | "unknown" | "other_user"> {
  const link = isWellFormed(token) ? await findMailLink(db, purpose, token) : null;
  if (!link) return "unknown";
  return viewerId === null || viewerId === link.user_id ? link : "other_user";
}

/** Confirms the address that the link was mailed to. */
export async function confirmEmail(
  db: Db,
  token: string,
  viewerId: string | null,
  origin: Origin,
  log: Log,
): Promise<LinkOutcome> {
  const found = await find(db, "confirm_email", token, viewerId);
  if (typeof found === "string") return found;
  if (found.state !== "good") return found.state;
  const outcome = await db.transaction().execute(async (tx): Promise<LinkOutcome> => {
    if ((await lockUser(tx, found.user_id)).deleted) return "unknown";
    const link = await spendMailLink(tx, "confirm_email", token);
    if (!link) return "used";
    return (await proveAddress(tx, link.userId, link.email, origin)) ? "done" : "taken";
  });
  log.info({ event: "email_confirmed", userId: found.user_id, outcome }, "Email confirmed");
  return outcome;
}

/**
 * Sets a new password with a mailed link. One transaction uses up the link, ends every session, confirms the
 * address, and revokes API keys if requested. `code` is better-auth's code of what is wrong with the
 * password.
 */
export async function resetPassword(
  { auth, db }: { auth: Pick<Auth, "hashPassword">; db: Db },
  { token, newPassword, revokeKeys }: { token: string; newPassword: string; revokeKeys: boolean },
  viewerId: string | null,
  origin: Origin,
  log: Log,
): Promise<LinkOutcome | { code: string }> {
  const found = await find(db, "reset_password", token, viewerId);
  if (typeof found === "string") return found;
  if (found.state !== "good") return found.state;
  const guessed = whyGuessed(newPassword);
  if (guessed) return { code: guessed.code };
  // Before the transaction: hashing takes time, and must not hold a connection.
  const hash = await auth.hashPassword(newPassword);
  const outcome = await db.transaction().execute(async (tx): Promise<LinkOutcome> => {
    if ((await lockUser(tx, found.user_id)).deleted) return "unknown";
    const link = await spendMailLink(tx, "reset_password", token);
    if (!link) return "used";
    const { userId, email } = link;
    // The user's address has changed since, so the link's recipient may not be the user any more.
    if ((await findAddress(tx, userId))?.email !== email) return "expired";
    if (!(await proveAddress(tx, userId, email, origin))) return "taken";
    await setPassword(tx, userId, hash);
    await deleteAllSessions(tx, userId);
    if (revokeKeys) await revokeAllApiKeys(tx, userId, new Date());
    const details = { apiKeys: revokeKeys ? "revoked" : "kept" };
    await recordSecurityEvent(tx, { userId, kind: "password_reset", details, origin });
    await queueMail(tx, { userId, kind: "password_changed", details: { by: "link" } });
    return "done";
  });
  log.info({ event: "password_reset", userId: found.user_id, outcome }, "Password reset");
  return outcome;
}
