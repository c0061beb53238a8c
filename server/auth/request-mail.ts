import type { Db } from "../../db/client.ts";
import { queueMail } from "../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { findAddress, findAddressee } from "../../db/sign-ups.ts";
import { findUserId, lockUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Auth } from "./auth.ts";

type MailThrottle = Pick<Auth, "mayMail" | "requireMailRequest">;

/**
 * Mails a link to reset the password, if a user has the address. The caller does not learn whether one has.
 *
 * @throws FiscilityError `too_many_attempts` when there were too many requests from the network address
 */
export async function requestPasswordReset(
  { auth, db }: { auth: MailThrottle; db: Db },
  email: string,
  origin: Origin,
): Promise<void> {
  await auth.requireMailRequest(origin.address ?? "");
  if (!(await auth.mayMail(email.toLowerCase()))) return;
  await db.transaction().execute(async (tx) => {
    const userId = await findAddressee(tx, email);
    if (userId === null) return;
    await recordSecurityEvent(tx, { userId, kind: "password_reset_requested", origin });
    await queueMail(tx, { userId, kind: "reset_password", details: {} });
  });
}

/**
 * Mails the link that confirms the user's address again. Does nothing when it is confirmed.
 *
 * @throws FiscilityError `too_many_attempts` when the address has received its maximum of mails for now
 */
export async function requestConfirmation(
  { auth, db }: { auth: MailThrottle; db: Db },
  userId: string,
): Promise<void> {
  const address = await findAddress(db, userId);
  if (!address || address.verified) return;
  if (!(await auth.mayMail(address.email))) throw tooMany();
  await db
    .transaction()
    .execute((tx) => queueMail(tx, { userId, kind: "verify_email", details: {} }));
}

/**
 * Starts a change of the user's email: mails a link to the new address, which replaces the old one when the
 * link is used. If another user has the address, they get a mail that says so, and the response is the same.
 *
 * @throws FiscilityError `password_incorrect`, `too_many_attempts`, `unauthenticated`
 */
export async function requestEmailChange(
  { auth, db }: { auth: MailThrottle & Pick<Auth, "isPassword">; db: Db },
  userId: string,
  { newEmail, currentPassword }: { newEmail: string; currentPassword: string },
  origin: Origin,
): Promise<void> {
  const email = newEmail.toLowerCase();
  if (!(await auth.isPassword(userId, currentPassword)))
    throw new FiscilityError("password_incorrect");
  await auth.requireMailRequest(origin.address ?? "");
  if (!(await auth.mayMail(email))) throw tooMany();
  await db.transaction().execute(async (tx) => {
    if ((await lockUser(tx, userId)).deleted) throw new FiscilityError("unauthenticated");
    const owner = await findUserId(tx, email);
    if (owner === userId) return;
    const details = { to: email };
    await recordSecurityEvent(tx, { userId, kind: "email_change_requested", details, origin });
    if (owner !== null) await queueMail(tx, { userId: owner, kind: "address_taken", details: {} });
    else await queueMail(tx, { userId, kind: "confirm_new_email", details: {}, to: email });
  });
}

const tooMany = () =>
  new FiscilityError("too_many_attempts", { details: { retryAfterSeconds: 60 * 60 } });
