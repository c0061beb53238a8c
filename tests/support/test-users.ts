import { createHmac, randomBytes } from "node:crypto";
import type pg from "pg";
import { noticeKinds } from "../../server/contracts/mail.ts";

/** A user of a test, with the cookie of their session. */
export interface TestUser {
  email: string;
  password: string;
  cookie: string;
  id: string;
}

const password = "correct horse battery";
/** The cost of hashing a password in tests of other features: a hundredth of the product's. */
export const cheapHash = { N: 2 ** 10, r: 8, p: 1 };
/** The hash of that password, at this cost. */
const passwordHash =
  "$scrypt$ln=10,r=8,p=1$ASNFZ4mrze8BI0VniavN7w$WNAlxy+DWDNq4nZDJ2n1glmTLwyWo1sifdnHOt58B1c";
/** The hash of better-auth's own scrypt, which an earlier version stored. */
export const oldPasswordHash =
  "0123456789abcdef0123456789abcdef:b87ad68e260d745e9edfac97cc70f72a8fbb1771cf033e8d2b3c360d3788e3548d977bae5090f5d6cd75f5190a6fbe6b0b5737d5420119bd1e44ccdc779acfe5";

/**
 * Adds a user with a session and a confirmed email, as sign-up and log-in leave them. Inserted as rows,
 * because hashing a password takes longer than most tests; the forms have their own tests. Notices are off,
 * so that a test finds only its own jobs. The user has just proved their identity; tests of step-ups call
 * `forgetStepUps`.
 */
export async function addTestUser(
  database: pg.Pool | pg.Client,
  app: { SESSION_SECRET: string; production: boolean },
  { name, email, plan }: { name: string; email: string; plan?: string },
): Promise<TestUser> {
  const token = randomBytes(24).toString("base64url");
  const { rows } = await database.query(
    `with new_user as (
       insert into users (name, email, email_verified, plan)
         values ($1, $2, true, coalesce($3, 'intern')) returning id
     ), credential as (
       insert into credentials (user_id, account_id, provider_id, password)
         select id, id, 'credential', $4 from new_user
     ), session as (
       insert into sessions (user_id, token, expires_at, ip_address, user_agent, proved_at)
         select id, $5, now() + interval '7 days', '127.0.0.1', 'node', now() from new_user
     ) select id from new_user`,
    [name, email, plan ?? null, passwordHash, token],
  );
  // A version before notices has no such table.
  const quiet = await database.query("select to_regclass('declined_notices') is not null as known");
  if (quiet.rows[0].known) {
    await database.query(
      "insert into declined_notices (user_id, kind) select $1, unnest($2::text[])",
      [rows[0].id, noticeKinds],
    );
  }
  const signature = createHmac("sha256", app.SESSION_SECRET).update(token).digest("base64");
  const signed = encodeURIComponent(`${token}.${signature}`);
  const secure = app.production ? "__Secure-" : "";
  const cookie = `${secure}fiscility.session_token=${signed}`;
  return { email, password, cookie, id: rows[0].id };
}

/** The cookies of a session for a browser context, for the site of `url`. */
export const browserCookies = (cookie: string, url: string) =>
  cookie.split("; ").map((pair) => {
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    return { name, value, url, httpOnly: true, sameSite: "Lax" as const };
  });
