import cors from "cors";
import type { RequestHandler } from "express";
import { FiscilityError } from "../contracts/errors.ts";
import { isProgramPath } from "./program-paths.ts";

/**
 * Lets programs in other sites' pages use the API with a key. They can never use a cookie: the
 * response allows no credentials.
 */
export const allowOtherSites = cors({
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

/** Replaces the Host header, which a client can invent, with the host of `APP_URL`. */
export function setOwnHost({ appUrl }: { appUrl: string }): RequestHandler {
  const { host } = new URL(appUrl);
  return (req, _res, next) => {
    req.headers.host = host;
    delete req.headers["x-forwarded-host"];
    next();
  };
}

/**
 * Refuses requests that change something and come from another site's page. Browsers name the origin
 * of such a request; other clients send no Origin and have no cookie to steal. A request with an
 * Authorization header is never answered by its cookie, so its origin does not matter.
 */
export function refuseForeignOrigin(config: { appUrl: string }): RequestHandler {
  return (req, _res, next) => {
    const { origin, authorization } = req.headers;
    const safe = req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS";
    const byKey = authorization !== undefined && isProgramPath(req.path);
    if (safe || byKey || origin === undefined || origin === config.appUrl) next();
    else next(new FiscilityError("foreign_origin"));
  };
}
