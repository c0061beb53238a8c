import { createAuthMiddleware, getIP, isAPIError } from "better-auth/api";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import { findPasswordHash, replacePasswordHash } from "../../db/credentials.ts";
import { recordLogIn } from "../../db/log-ins.ts";
import type { Database } from "../../db/schema.ts";
import { deleteOldestSessions, deleteSessionWithToken } from "../../db/sessions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Passwords } from "./passwords.ts";
import { readSigned } from "./signed-cookie.ts";
import { shortAddress } from "./where-from.ts";

/** Sessions that a user may have; a log-in beyond them ends the oldest. */
const maxSessions = 20;

/** Characters of a user agent that are kept: a client may send thousands. */
const userAgentLength = 500;

/**
 * better-auth's hook after a request. A log-in, or a wrong password, becomes a line of the history of
 * the user whose email was given; a try that the throttle held back never comes here. A log-in also
 * ends the session that the browser had before and the oldest of too many, and replaces an outdated
 * hash.
 */
export function createAfterLogIn(db: Kysely<Database>, passwords: Passwords, log: Log) {
  return createAuthMiddleware(async ({ path, body, headers, context }) => {
    if (path !== "/sign-in/email") return;
    const { newSession, returned } = context;
    const wrong = isAPIError(returned) && returned.body?.code === "INVALID_EMAIL_OR_PASSWORD";
    if (!newSession && !wrong) return;
    const written = recordLogIn(db, body.email, {
      outcome: newSession ? "succeeded" : "wrong_password",
      address: shortAddress(headers ? getIP(headers, context.options) : null),
      userAgent: headers?.get("user-agent")?.slice(0, userAgentLength) ?? null,
    }).catch((error: Error) =>
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
