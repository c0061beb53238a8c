import { readAuthRequest } from "../../server/auth/auth-request.ts";
import { KnownDevices } from "../../server/auth/known-devices.ts";
import { LogInThrottle } from "../../server/auth/log-in-throttle.ts";
import { cookieHeader } from "../../server/auth/token-cookie.ts";
import type { RedisAdapter } from "../../server/cache/redis-adapter.ts";
import { createLog } from "../../server/telemetry/log.ts";
import type { TestApp, TestUser } from "./app.ts";

/** A throttle with its own counts, as in production, that uses the app's known browsers. */
export function throttleOf(
  { services }: TestApp,
  redis: RedisAdapter | null = null,
): LogInThrottle {
  const config = { production: true };
  return new LogInThrottle(
    redis,
    new KnownDevices(services.db, services.limits, config),
    config,
    createLog("silent"),
  );
}

/** The cookie of a browser that has logged in as this user in production, as a Set-Cookie header. */
export async function knownBrowser(
  { services: { db, limits } }: TestApp,
  user: Pick<TestUser, "id" | "email">,
): Promise<string> {
  const devices = new KnownDevices(db, limits, { production: true });
  return cookieHeader(await devices.remember(user, null, { trust: false }));
}

/** The result of an attempt in better-auth: a status, or an error. */
type Outcome = number | Error;

/** Makes one attempt as the throttle sees it. No password is hashed, so a test can make hundreds. */
export async function tryTo(
  path: "sign-in/email" | "sign-up/email" | "second-step" | "passkey/options" | "passkey/log-in",
  throttle: LogInThrottle,
  {
    outcome,
    email = "ada@example.com",
    address = "203.0.113.7",
    cookie = "",
    userId,
  }: { outcome: Outcome; email?: string; address?: string; cookie?: string; userId?: string },
): Promise<Response> {
  const password = "correct horse battery";
  const bodies = {
    "sign-in/email": { email, password },
    "sign-up/email": { name: "Ada", email, password },
    "second-step": { code: "000000" },
    "passkey/options": {},
    "passkey/log-in": { passkey: "{}" },
  };
  const request = new Request(`http://app.test/api/auth/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address, cookie },
    body: JSON.stringify(bodies[path]),
  });
  const next = async () => {
    if (outcome instanceof Error) throw outcome;
    return new Response(null, { status: outcome });
  };
  return throttle.handle(await readAuthRequest(request), next, userId);
}
