import { randomUUID } from "node:crypto";
import type { Db } from "../../db/client.ts";
import { queueMail } from "../../db/mails.ts";
import { insertUser } from "../../db/sign-ups.ts";
import { findUserId } from "../../db/users.ts";
import { whyGuessed } from "./guessed-passwords.ts";
import type { Passwords } from "./passwords.ts";

interface SignUpForm {
  name: string;
  email: string;
  password: string;
}

/**
 * Signs a user up, with the same response and in the same time whether the address is free or taken. Its
 * owner learns which by mail: a link to confirm it, or that they have an account.
 *
 * If a confirmed email is required, as in production, the new user only claims the address until the link is
 * used. Whether another user has or claims it makes no difference to what the new one can do, so not even a
 * log-in reveals it. docs/decisions/021-mail.md
 *
 * @param claims whether a confirmed email is required
 * @param mayMail whether mail may go to the address now, so that nobody can be flooded with it
 */
export async function signUp(
  { db, passwords, claims }: { db: Db; passwords: Passwords; claims: boolean },
  { name, email: typed, password }: SignUpForm,
  mayMail: (email: string) => Promise<boolean>,
): Promise<Response> {
  const guessed = whyGuessed(password);
  if (guessed) return Response.json(guessed, { status: 400 });
  const email = typed.toLowerCase();
  const passwordHash = await passwords.hash(password);
  const mails = await mayMail(email);
  await db.transaction().execute(async (tx) => {
    const owner = await findUserId(tx, email);
    const user = { name, email, passwordHash, claimed: claims, verified: false };
    const added = claims || owner === null ? await insertUser(tx, user) : null;
    if (!mails) return;
    if (owner !== null) await queueMail(tx, { userId: owner, kind: "address_taken", details: {} });
    else if (added !== null)
      await queueMail(tx, { userId: added, kind: "verify_email", details: {} });
  });
  const now = new Date().toISOString();
  // Equal to better-auth's own, with an id that no user has.
  return Response.json({
    token: null,
    user: {
      name,
      email,
      emailVerified: false,
      image: null,
      createdAt: now,
      updatedAt: now,
      plan: "intern",
      dataVersion: 0,
      deletedAt: null,
      id: randomUUID(),
    },
  });
}
