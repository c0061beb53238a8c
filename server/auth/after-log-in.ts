import { createAuthMiddleware, getIP, isAPIError } from "better-auth/api";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import { findPasswordHash, replacePasswordHash } from "../../db/credentials.ts";
import { recordLogIn } from "../../db/log-ins.ts";
import { queueMail } from "../../db/mails.ts";
import type { Database } from "../../db/schema.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { deleteOldestSessions, deleteSessionWithToken, findSession } from "../../db/sessions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { KnownDevices } from "./known-devices.ts";
import type { Passwords } from "./passwords.ts";
import { readSigned } from "./signed-cookie.ts";
import { deviceOf, shortAddress } from "./where-from.ts";

/** Sessions that a user may have; a log-in beyond them ends the oldest. */
const maxSessions = 20;

/** Characters of a user agent that are kept: a client may send thousands. */
const userAgentLength = 500;

/**
 * better-auth's hook after a request. A log-in, or a wrong password, becomes an event of the user whose email
 * was given; a try that the throttle held back never comes here. A log-in also ends the session that the
 * browser had before and the oldest of too many, and replaces an outdated hash. One on a new device is
 * mailed.
 */
export function createAfterLogIn(
  db: Kysely<Database>,
  passwords: Passwords,
  devices: KnownDevices,
  log: Log,
) {
  return createAuthMiddleware(async ({ path, body, headers, context }) => {
    if (path !== "/sign-in/email") return;
    const { newSession, returned } = context;
    const wrong = isAPIError(returned) && returned.body?.code === "INVALID_EMAIL_OR_PASSWORD";
    if (!newSession && !wrong) return;
    const origin = {
      address: shortAddress(headers ? getIP(headers, context.options) : null),
      userAgent: headers?.get("user-agent")?.slice(0, userAgentLength) ?? null,
    };
    const written = (
      newSession
        ? recordSuccess(db, devices, body.email, origin, headers?.get("cookie") ?? null)
        : recordLogIn(db, body.email, { ...origin, succeeded: false })
    ).catch((error: Error) =>
      // Whoever has the right password gets in all the same.
      log.error({ event: "log_in_not_recorded", cause: error.stack }, "Log-in not recorded"),
    );
    // The answer to a wrong password does not wait: how long it takes would tell whether there is
    // anybody to write it down for.
    if (!newSession) return;
    const { secret, authCookies } = context;
    const cookie = parseCookies(headers?.get("cookie") ?? "").get(authCookies.sessionToken.name);
    const replaced = cookie === undefined ? null : readSigned(cookie, secret);
    const userId = newSession.user.id;
    if (replaced !== null) await deleteSessionWithToken(db, replaced);
    await deleteOldestSessions(db, userId, maxSessions);
    await replaceOutdatedHash(db, passwords, userId, body.password).catch((error: unknown) => {
      // The old hash still fits: the next log-in replaces it.
      const isBusy = error instanceof FiscilityError && error.reason === "log_in_busy";
      if (!isBusy) {
        log.error({ event: "hash_not_replaced", cause: (error as Error).stack }, "Hash kept");
      }
    });
    await written;
  });
}

/** Records a log-in, and mails the user when neither the browser nor where it comes from is known. */
async function recordSuccess(
  db: Kysely<Database>,
  devices: KnownDevices,
  email: string,
  origin: Origin,
  cookies: string | null,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const record = await recordLogIn(tx, email, { ...origin, succeeded: true });
    if (!record || record.isFirst || record.isKnownOrigin) return;
    const { userId } = record;
    if (await devices.has(cookies, userId)) return;
    const { address, userAgent } = origin;
    const details = { device: deviceOf(userAgent), address, at: new Date().toISOString() };
    await queueMail(tx, { userId, kind: "new_device", details });
  });
}

/** Records a log-out before better-auth ends the session. */
export async function recordLogOut(
  db: Kysely<Database>,
  token: string,
  origin: Origin,
): Promise<void> {
  const session = await findSession(db, token);
  if (session) await recordSecurityEvent(db, { userId: session.id, kind: "log_out", origin });
}

async function replaceOutdatedHash(
  db: Kysely<Database>,
  passwords: Passwords,
  userId: string,
  password: string,
): Promise<void> {
  const from = await findPasswordHash(db, userId);
  if (from === null || !passwords.isOutdated(from)) return;
  await replacePasswordHash(db, userId, { from, to: await passwords.hash(password) });
}
