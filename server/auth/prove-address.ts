import type { Db } from "../../db/client.ts";
import { endMailLinks } from "../../db/mail-links.ts";
import { queueMail } from "../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { findAddress, giveAddress } from "../../db/sign-ups.ts";

/**
 * The user has used a link that was mailed to `email`, so the address is theirs. A new address replaces the
 * old one, which gets a mail about it. Returns false when another user has it. Lock the user first.
 */
export async function proveAddress(
  tx: Db,
  userId: string,
  email: string,
  origin: Origin,
): Promise<boolean> {
  const before = await findAddress(tx, userId);
  if (!before) return false;
  const changes = before.email !== email;
  if (before.verified && !changes) return true;
  if (!(await giveAddress(tx, userId, email))) return false;
  if (!changes) {
    await recordSecurityEvent(tx, { userId, kind: "email_verified", details: { email }, origin });
    return true;
  }
  // Links that were mailed to the old address must stop working.
  await endMailLinks(tx, userId);
  const details = { from: before.email, to: email };
  await recordSecurityEvent(tx, { userId, kind: "email_changed", details, origin });
  if (before.verified || !before.claimed)
    await queueMail(tx, {
      userId,
      kind: "email_changed",
      details: { newEmail: email },
      to: before.email,
    });
  return true;
}
