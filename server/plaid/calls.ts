import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pRetry, { AbortError } from "p-retry";
import type { z } from "zod";
import { FiscilityError } from "../contracts/errors.ts";
import type { PlaidLimiter } from "../rate-limits/plaid-limiter.ts";
import type { Log } from "../telemetry/log.ts";
import { spans } from "../telemetry/spans.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { Secret } from "../vault/secret.ts";
import { failureWithoutResponse, toBusyError, toPlaidFailure } from "./plaid-error.ts";
import { rateLimits } from "./rate-limits.ts";
import { timeLimitSignal } from "./time-limit-signal.ts";

/** Options of each call to Plaid. */
export interface CallOptions {
  /** Once it aborts, the call is not retried: the flow's deadline is over. */
  signal?: AbortSignal;
  /** For a call that is billed each time: it is sent once, with this timeout. Milliseconds. */
  onceWithin?: number;
}

/**
 * Sends one request to Plaid and returns its response, parsed with `response`. With an `accessToken` the call
 * also counts against the Item's rate limit.
 *
 * @throws FiscilityError with Plaid's error_type, error_code and request_id, and no token
 */
export type Call = <T>(
  path: string,
  response: z.ZodType<T>,
  send: (options: { signal: AbortSignal }) => Promise<{ data: unknown }>,
  options: CallOptions,
  accessToken?: Secret,
) => Promise<T>;

/** How often a call is retried after no response, a 429 or a 5xx. */
const retries = 2;

/** The failure of a call that our own count of Plaid's rate limits held back. */
const notSent = { ...failureWithoutResponse("RATE_LIMIT_OWN_COUNT"), mayHaveActed: false };

/**
 * Bounds every call to Plaid: a timeout for each attempt, Plaid's published rate limits counted over all
 * nodes, and retries with backoff and jitter that honor Retry-After.
 */
export function createCalls(
  clientId: string,
  limiter: PlaidLimiter,
  log: Log,
  limits: Pick<TimeLimits, "plaidCall" | "plaidBackoff" | "plaidWait">,
): Call {
  const call: Call = async (path, response, send, { signal, onceWithin }, accessToken) => {
    let last: FiscilityError | undefined;
    const once = async () => {
      // The deadline ends the retries, but never cuts off a response that has arrived: it may hold an
      // access_token.
      if (signal?.aborted) throw new AbortError(last ?? toPlaidFailure(signal.reason));
      await requireQuota(path, accessToken);
      try {
        const limit = timeLimitSignal(onceWithin ?? limits.plaidCall);
        const either = signal ? AbortSignal.any([signal, limit]) : limit;
        return await logged(path, async () =>
          response.parse((await send({ signal: either })).data),
        );
      } catch (error) {
        const failure: FiscilityError = error as FiscilityError;
        // An earlier attempt may have succeeded, whatever this one returned.
        if (failure.plaid && last?.plaid?.mayHaveActed) failure.plaid.mayHaveActed = true;
        last = failure;
        throw failure;
      }
    };
    return pRetry(once, {
      retries: onceWithin === undefined ? retries : 0,
      minTimeout: limits.plaidBackoff,
      randomize: true,
      async shouldRetry({ error }) {
        if (!(error instanceof FiscilityError) || signal?.aborted) return false;
        if (error.reason !== "busy" && error.reason !== "plaid_unavailable") return false;
        const wait = (error.plaid?.retryAfter ?? 0) * 1000;
        if (wait > limits.plaidWait) return false;
        await sleep(wait, undefined, { signal }).catch(() => {});
        return signal?.aborted !== true;
      },
    });
  };

  /** Sends once, inside a span, and logs it. */
  function logged<T>(path: string, send: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const logOutcome = (outcome: string) =>
      log.debug({ event: "plaid_call", path, outcome, ms: performance.now() - started }, "Plaid");
    return spans.inSpan(`plaid ${path}`, {}, async () => {
      try {
        const data = await send();
        logOutcome("ok");
        return data;
      } catch (error) {
        const failure = toPlaidFailure(error);
        logOutcome(failure.reason);
        throw failure;
      }
    });
  }

  /** Counts the call against Plaid's rate limits. @throws FiscilityError `busy` when one is used up */
  async function requireQuota(path: string, accessToken: Secret | undefined): Promise<void> {
    const limit = rateLimits[path];
    if (!limit) return;
    const waits = [limiter(`${path} ${clientId}`, limit.perClient)];
    if (limit.perItem && accessToken) {
      const item = createHash("sha256").update(accessToken.reveal()).digest("base64url");
      waits.push(limiter(`${path} ${item}`, limit.perItem));
    }
    const wait = Math.max(...(await Promise.all(waits)));
    if (wait > 0) throw toBusyError({ ...notSent, retryAfter: wait / 1000 });
  }
  return call;
}
