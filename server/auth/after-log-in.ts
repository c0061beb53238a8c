import { APIError, createAuthMiddleware, getIP, isAPIError } from "better-auth/api";
import { parseCookies } from "better-auth/cookies";
import type { Kysely } from "kysely";
import { findPasswordHash, replacePasswordHash } from "../../db/credentials.ts";
import { recordLogIn } from "../../db/log-ins.ts";
import { queueMail } from "../../db/mails.ts";
import type { Database } from "../../db/schema.ts";
import { findFactorMethods } from "../../db/second-factors.ts";
import { type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { deleteOldestSessions, deleteSessionWithToken, findSession } from "../../db/sessions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { KnownDevices } from "./known-devices.ts";
import type { Passwords } from "./passwords.ts";
import type { PendingLogIns } from "./second-factor/pending-log-ins.ts";
import { readSigned } from "./signed-cookie.ts";
import type { SetCookie } from "./token-cookie.ts";
import { deviceOf, shortAddress } from "./where-from.ts";

/** The maximum sessions of a user. Another log-in ends the oldest. */
const maxSessions = 20;

/** Characters of a user agent that are stored: a client may send thousands. */
const userAgentLength = 500;

/** The requests that may create a session. */
const logIns = new Set(["/sign-in/email", "/second-step", "/passkey/log-in"]);

/**
 * better-auth's hook after a request. If the user has a second factor, the session of a correct password ends
 * at once and the browser gets a cookie for the second step. A log-in or a wrong password is recorded for the
 * user with that email; attempts that the throttle refused never get here. A log-in also ends the browser's
 * previous session and the oldest of too many, stores the browser as known, and replaces an outdated hash. A
 * log-in from a new device is mailed.
 */
export function createAfterLogIn(
  db: Kysely<Database>,
  {
    passwords,
    devices,
    pending,
  }: { passwords: Passwords; devices: KnownDevices; pending: PendingLogIns },
  log: Log,
) {
  return createAuthMiddleware(async (ctx) => {
    const { path, body, headers, context } = ctx;
    if (!logIns.has(path)) return;
    const { newSession, returned, secret, authCookies } = context;
    const cookies = headers?.get("cookie") ?? null;
    const setCookie = ({ name, value, attributes }: SetCookie) =>
      ctx.setCookie(name, value, attributes);
    const origin = {
      address: shortAddress(headers ? getIP(headers, context.options) : null),
      userAgent: headers?.get("user-agent")?.slice(0, userAgentLength) ?? null,
    };
    const notRecorded = (error: Error) =>
      // The log-in with the correct password still succeeds.
      log.error({ event: "log_in_not_recorded", cause: error.stack }, "Log-in not recorded");
    // The response to a wrong password does not wait for this, because its time would reveal whether the
    // email has a user.
    const wrong = isAPIError(returned) && returned.body?.code === "INVALID_EMAIL_OR_PASSWORD";
    if (wrong) void recordLogIn(db, body.email, { ...origin, succeeded: false }).catch(notRecorded);
    if (!newSession) return;

    const { user, session } = newSession;
    const name = authCookies.sessionToken.name;
    const takeBack = async () => {
      await deleteSessionWithToken(db, session.token);
      const set = context.responseHeaders?.getSetCookie() ?? [];
      context.responseHeaders?.delete("set-cookie");
      for (const line of set)
        if (!line.startsWith(`${name}=`)) context.responseHeaders?.append("set-cookie", line);
      context.setNewSession(null);
    };
    if (user.disabledAt) {
      await takeBack();
      throw new APIError("FORBIDDEN", { code: "ACCOUNT_DISABLED", message: "It is disabled." });
    }
    const cookie = parseCookies(cookies ?? "").get(name);
    const replaced = cookie === undefined ? null : readSigned(cookie, secret);
    if (replaced !== null) await deleteSessionWithToken(db, replaced);
    const byPassword = path === "/sign-in/email";
    const upgraded = byPassword
      ? replaceOutdatedHash(db, passwords, user.id, body.password).catch((error: unknown) => {
          // The old hash is still valid. The next log-in replaces it.
          const isBusy = error instanceof FiscilityError && error.reason === "log_in_busy";
          if (!isBusy) {
            log.error(
              { event: "hash_not_replaced", cause: (error as Error).stack },
              "Password hash not upgraded",
            );
          }
        })
      : null;
    const device = await devices.find(cookies, user.email);
    if (byPassword) {
      const methods = await findFactorMethods(db, user.id);
      if ((methods.totp || methods.passkey) && !device?.isTrusted) {
        await Promise.all([takeBack(), upgraded]);
        setCookie(await pending.begin(user.id));
        return ctx.json({ secondStep: methods });
      }
    }
    await deleteOldestSessions(db, user.id, maxSessions);
    await upgraded;
    // Before the browser is stored, which would make it a known one.
    await recordSuccess(db, devices, user.email, origin, cookies).catch(notRecorded);
    const trust = path === "/second-step" && body.trustDevice === true;
    setCookie(await devices.remember(user, device, { trust }));
    if (trust) await recordSecurityEvent(db, { userId: user.id, kind: "device_trusted", origin });
    if (!byPassword) setCookie(pending.clearCookie);
  });
}

/** Records a log-in, and mails the user when both the browser and its origin are new. */
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
