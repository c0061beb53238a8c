import type { Request, RequestHandler } from "express";
import type { Context } from "../api/context.ts";
import { FiscilityError } from "../contracts/errors.ts";

/** Bytes of a request body; Link's metadata for a hundred accounts is a fifth of it. */
export const maxBody = 100_000;

// What these let through costs linear time in whatever reads it next. Each of them only counts.

/** Of each kind in a request's head. Browsers keep 180 cookies of a site, and send 20 headers. */
const maxParts = 200;

/** Refuses a head with more headers, cookies, query parameters or path segments than any client sends. */
export const limitHead: RequestHandler = (req, _res, next) => {
  const [path = "", query = ""] = req.originalUrl.split("?", 2);
  const counts = {
    headers: req.rawHeaders.length / 2,
    cookies: countParts(req.headers.cookie ?? "", ";"),
    "query parameters": countParts(query, "&"),
    "path segments": countParts(path, "/"),
  };
  const over = Object.entries(counts).find(([, count]) => count > maxParts);
  next(over && tooMany(over[0], maxParts));
};

/** Stops counting past the limit. */
const countParts = (text: string, separator: string, most = maxParts) =>
  text.split(separator, most + 1).length;

/** Fields of a JSON body: several times those of Link's metadata for a hundred accounts. */
const maxFields = 2_000;

/**
 * Refuses a JSON body with more fields than any client sends, before it is parsed: V8 takes ten times as
 * long for a field as for an element. Counts every colon, of which there are at least as many as fields.
 * A caller who is not known learns nothing but that.
 */
export function limitFields(identify: (req: Request) => Promise<Context>): RequestHandler {
  return async (req, _res, next) => {
    const tooManyFields =
      typeof req.body === "string" && countParts(req.body, ":", maxFields) > maxFields;
    if (!tooManyFields) return next();
    const { refusal, user } = await identify(req);
    next(refusal ?? (user ? tooMany("fields", maxFields) : new FiscilityError("unauthenticated")));
  };
}

/** Only JSON: what tRPC and Express take beside it costs more to parse than it may. */
export const refuseOtherBodies: RequestHandler = (req, _res, next) => {
  const empty = req.headers["content-length"] === "0";
  if (!empty && req.is("application/json") === false)
    next(new FiscilityError("unsupported_media_type"));
  else next();
};

/** Refuses a body that is too large or does not state its size, before anything reads it. */
export const limitBody: RequestHandler = (req, _res, next) => {
  const endless = req.headers["transfer-encoding"] !== undefined;
  if (endless || Number(req.headers["content-length"] ?? 0) > maxBody)
    next(new FiscilityError("body_too_large"));
  else next();
};

/** Refuses a path with a broken percent-encoding or bytes that are not text. */
export const refuseBrokenPath: RequestHandler = (req, _res, next) => {
  // Fetch, which Remix and tRPC speak, has no request of this method.
  if (req.method === "TRACE") return next(new FiscilityError("method_not_allowed"));
  try {
    decodeURIComponent(req.path);
    next();
  } catch {
    next(new FiscilityError("not_found"));
  }
};

const tooMany = (what: string, most: number) => invalid(`More than ${most} ${what}`);

function invalid(message: string): FiscilityError {
  return new FiscilityError("invalid_input", { details: { issues: [{ path: "", message }] } });
}
