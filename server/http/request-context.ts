import type { Request } from "express";
import type { Context, Incoming } from "../api/context.ts";
import { subscriptions } from "../api/contract/endpoints.ts";
import { toReadError } from "../api/trpc.ts";
import { anonymous, identify } from "../auth/identify.ts";
import { shortAddress } from "../auth/where-from.ts";
import { reasons } from "../contracts/errors.ts";
import { linkLanguage } from "../plaid/link-language.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import type { Quotas } from "../time-limits.ts";
import { localsOf } from "./locals.ts";

/**
 * Builds the context of a request once: pages, tRPC and REST see the same user. It never rejects: the
 * context's `refusal` says why the caller could not be identified.
 */
export function createContextReader(services: Services): (req: Request) => Promise<Context> {
  return (req) => {
    const own = localsOf(req);
    own.context ??= read(services, req, own.requestId);
    return own.context;
  };
}

async function read(services: Services, req: Request, requestId: string): Promise<Context> {
  const setHeader = (name: string, value: string | string[]) => req.res?.setHeader(name, value);
  const identified = await identify(
    services,
    req.headers,
    callsOf(req, services.quotas),
    setHeader,
  ).then(
    (identity) => ({ ...identity, refusal: null }),
    (error: unknown) => ({ ...anonymous, refusal: toReadError(error) }),
  );
  const { refusal, apiKey } = identified;
  // https://www.rfc-editor.org/rfc/rfc6750#section-3
  if (refusal && reasons[refusal.reason].status === 401) {
    setHeader("WWW-Authenticate", 'Bearer realm="fiscility", error="invalid_token"');
  }
  return {
    ...identified,
    services,
    request: incoming(req, requestId, services.log, apiKey?.id),
  };
}

const incoming = (req: Request, id: string, log: Log, apiKeyId: string | undefined): Incoming => ({
  id,
  get origin() {
    return {
      address: shortAddress(req.ip ?? null),
      userAgent: req.headers["user-agent"] ?? null,
    };
  },
  get language() {
    return linkLanguage(req);
  },
  get log() {
    return log.child({ requestId: id, apiKeyId });
  },
  onClose: (call) => void (req.res?.closed ? call() : req.res?.once("close", call)),
});

const streamPaths = new Set(subscriptions.map(({ name }) => `/${name}`));

/**
 * Returns how many calls a request counts as: a batch lists its procedures in its path, and a stream stays
 * open.
 */
function callsOf(req: Request, { callsOfStream }: Quotas): number {
  if (req.baseUrl === "/trpc" && streamPaths.has(req.path)) return callsOfStream;
  return req.baseUrl === "/trpc" ? req.path.split(/,|%2c/i).length : 1;
}
