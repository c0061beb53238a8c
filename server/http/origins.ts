import cors from "cors";
import type { RequestHandler } from "express";
import { FiscilityError } from "../contracts/errors.ts";
import type { Step } from "./in-sequence.ts";
import { isProgramPath } from "./program-paths.ts";

const allow = cors({
  origin: "*",
  methods: ["GET", "POST", "DELETE"],
  allowedHeaders: [
    "authorization",
    "content-type",
    "last-event-id",
    "traceparent",
    "tracestate",
    "trpc-accept",
    "x-client-version",
  ],
  exposedHeaders: ["ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
  maxAge: 600,
});

/**
 * Lets programs in other sites' pages use the API with a key. They can never use a cookie, because the
 * response allows no credentials. Browsers send the origin of every cross-site request.
 */
export const allowOtherSites: RequestHandler = (req, res, next) =>
  req.headers.origin !== undefined && forOtherSites.test(req.path) ? allow(req, res, next) : next();

const forOtherSites = /^\/(trpc|api\/v1|api\/openapi\.json)(\/|$)/i;

/** Replaces the Host header, which a client can forge, with the host of `APP_URL`. */
export function setOwnHost({ appUrl }: { appUrl: string }): Step {
  const { host } = new URL(appUrl);
  return ({ headers }) => {
    headers.host = host;
    if (headers["x-forwarded-host"] !== undefined) delete headers["x-forwarded-host"];
  };
}

/**
 * Refuses requests with side effects from other sites' pages. Browsers send the origin of such a request;
 * other clients send no Origin and have no cookie to steal. With an Authorization header the cookie is
 * ignored, so the origin does not matter.
 */
export function refuseForeignOrigin(config: { appUrl: string }): Step {
  return (req) => {
    const { origin, authorization } = req.headers;
    const safe = req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS";
    const byKey = authorization !== undefined && isProgramPath(req.path);
    if (safe || byKey || origin === undefined || origin === config.appUrl) return;
    throw new FiscilityError("foreign_origin");
  };
}
