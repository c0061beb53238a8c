import type { IncomingHttpHeaders } from "node:http";
import type { Asking } from "../api/context.ts";
import { toFiscilityError } from "../api/trpc.ts";
import type { Calling } from "../cache/request-limiter.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { authenticateApiKey } from "./api-keys.ts";

const nobody: Asking = { user: null, sessionId: null, apiKey: null, refusal: null };

/**
 * Who is asking, by `Authorization: Bearer <API key>` or by session cookie. The header decides
 * alone: a wrong key never falls back to the browser's cookie. Never rejects: what is wrong with the
 * key, or kept us from looking, is the answer's `refusal`. The `calls` of a key or a session are
 * counted, and `setHeader` is told how it stands:
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export async function identify(
  services: Pick<Services, "auth" | "db" | "requestLimiter" | "apiKeyReads">,
  headers: IncomingHttpHeaders,
  calls: number,
  setHeader: (name: string, value: string | string[]) => void,
): Promise<Asking> {
  const { auth, requestLimiter } = services;
  const { authorization, cookie } = headers;
  const count = async (caller: Calling) => {
    const { limit, windowSeconds, allowed, remaining, resetSeconds } = await requestLimiter.consume(
      caller,
      calls,
    );
    setHeader("RateLimit-Policy", `"${caller.by}";q=${limit};w=${windowSeconds}`);
    setHeader("RateLimit", `"${caller.by}";r=${remaining};t=${resetSeconds}`);
    if (allowed) return;
    setHeader("Retry-After", String(resetSeconds));
    throw new FiscilityError("rate_limited", {
      details: { limit, windowSeconds, retryAfterSeconds: resetSeconds },
    });
  };
  try {
    if (authorization === undefined) {
      if (cookie === undefined) return nobody;
      const session = await auth.authenticate(headers, (lines) => setHeader("Set-Cookie", lines));
      if (!session) return nobody;
      await count({ by: "session", id: session.sessionId });
      return { ...nobody, ...session };
    }
    const key = /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
    const { user, apiKey } = await authenticateApiKey(services, key);
    await count({ by: "key", id: apiKey.id });
    return { ...nobody, user, apiKey };
  } catch (error) {
    const refusal = toFiscilityError(error);
    // https://www.rfc-editor.org/rfc/rfc6750#section-3
    if (reasons[refusal.reason].status === 401) {
      setHeader("WWW-Authenticate", 'Bearer realm="fiscility", error="invalid_token"');
    }
    return { ...nobody, refusal };
  }
}
