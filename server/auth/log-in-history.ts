import { createAuthMiddleware, getIP, isAPIError } from "better-auth/api";
import type { Kysely } from "kysely";
import { recordLogIn } from "../../db/log-ins.ts";
import type { Database } from "../../db/schema.ts";
import type { Log } from "../telemetry/log.ts";
import { shortAddress } from "./where-from.ts";

/** Characters of a user agent that are kept: a client may send thousands. */
const userAgentLength = 500;

/**
 * better-auth's hook after a request: a log-in, or a wrong password, becomes a line of the history of
 * whose email was given. A try that the throttle held back never comes here.
 */
export function createLogInHistory(db: Kysely<Database>, log: Log) {
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
    if (newSession) await written;
  });
}
