import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Db } from "../../db/client.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Allowance, ApiCaller, RequestLimiter } from "../rate-limits/request-limiter.ts";
import type { TimeLimits } from "../time-limits.ts";
import { type ApiKeyReads, authenticateApiKey } from "./api-keys.ts";
import type { Auth } from "./auth.ts";
import type { Identity } from "./identity.ts";

/** The identity of a request without a key or a valid session. */
export const anonymous: Identity = { user: null, sessionId: null, apiKey: null };

/**
 * Identifies the caller by `Authorization: Bearer <API key>` or by session cookie. With the header, the
 * cookie is ignored, even when the key is wrong. Counts the `calls` of the key or session and reports the
 * count through `setHeader`.
 *
 * @throws FiscilityError `rate_limited`; `api_key_invalid`, `api_key_revoked`, `api_key_expired`
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export async function identify(
  services: {
    auth: Auth;
    db: Db;
    requestLimiter: RequestLimiter;
    apiKeyReads: ApiKeyReads;
    limits: Pick<TimeLimits, "refusal">;
  },
  headers: IncomingHttpHeaders,
  calls: number,
  setHeader: (name: string, value: string | string[]) => void,
): Promise<Identity> {
  const { auth, requestLimiter } = services;
  const { authorization, cookie } = headers;
  const credential = authorization ?? cookie;
  if (credential === undefined) return anonymous;
  const requireAllowance = (by: ApiCaller["by"], allowance: Allowance) => {
    const { limit, windowSeconds, allowed, remaining, resetSeconds } = allowance;
    setHeader("RateLimit-Policy", `"${by}";q=${limit};w=${windowSeconds}`);
    setHeader("RateLimit", `"${by}";r=${remaining};t=${resetSeconds}`);
    if (allowed) return;
    setHeader("Retry-After", String(resetSeconds));
    throw new FiscilityError("rate_limited", {
      details: { limit, windowSeconds, retryAfterSeconds: resetSeconds },
    });
  };
  const over = requestLimiter.overLimit(credential);
  if (over) {
    await pause(services.limits.refusal);
    requireAllowance(authorization === undefined ? "session" : "key", over);
  }
  const count = async (caller: ApiCaller) =>
    requireAllowance(caller.by, await requestLimiter.consume(caller, calls, credential));
  if (authorization === undefined) {
    const session = await auth.authenticate(headers, (lines) => setHeader("Set-Cookie", lines));
    if (!session) return anonymous;
    await count({ by: "session", id: session.sessionId });
    return { ...anonymous, ...session };
  }
  const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
  const { user, apiKey } = await authenticateApiKey(services, key);
  await count({ by: "key", id: apiKey.id });
  return { ...anonymous, user, apiKey };
}
