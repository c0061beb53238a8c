import express, { type Request, type RequestHandler } from "express";
import type { Context } from "../api/context.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Step } from "./in-sequence.ts";

/** Bytes of a request body: five times Link's metadata for a hundred accounts. */
export const maxBody = 100_000;

// Whatever these let through is parsed in linear time. Each of them only counts.

/**
 * The maximum headers, cookies, parameters and path segments, each. Browsers keep 180 cookies of a site and
 * send 20 headers.
 */
const maxParts = 200;

/**
 * Refuses a request head with more headers, cookies, query parameters or path segments than any client sends.
 */
export const limitHead: Step = (req) => {
  if (req.rawHeaders.length / 2 > maxParts) throw new TooMany("headers", maxParts);
  if (hasMore(req.headers.cookie ?? "", ";", maxParts)) throw new TooMany("cookies", maxParts);
  const [path = "", query = ""] = req.originalUrl.split("?", 2);
  if (hasMore(query, "&", maxParts)) throw new TooMany("query parameters", maxParts);
  if (hasMore(path, "/", maxParts)) throw new TooMany("path segments", maxParts);
};

/** Whether a text has more than `most` parts. Stops counting there. */
const hasMore = (text: string, separator: string, most: number) =>
  text.length >= most && text.split(separator, most + 1).length > most;

/** Fields of a JSON body: several times those of Link's metadata for a hundred accounts. */
const maxFields = 2_000;

/**
 * Reads the JSON body of a request as text, so that a caller is authorized before it is parsed. Refuses a
 * body with more fields than any client sends, because V8 takes ten times as long for a field as for an
 * element. Counts every colon, of which there are at least as many as fields. Unknown callers learn only that
 * they are not authenticated.
 */
export function readJsonAsText(identify: (req: Request) => Promise<Context>): RequestHandler {
  return (req, res, next) => {
    limitBody(req, res);
    // Without a length there is no body.
    const length = req.headers["content-length"];
    if (length === undefined) return next();
    // Only JSON: the other types that tRPC and Express accept are too expensive to parse.
    if (length !== "0" && req.is("application/json") === false)
      throw new FiscilityError("unsupported_media_type");
    readText(req, res, async (failed?: unknown) => {
      if (failed || typeof req.body !== "string" || !hasMore(req.body, ":", maxFields))
        return next(failed);
      const { refusal, user } = await identify(req);
      next(
        refusal ??
          (user ? new TooMany("fields", maxFields) : new FiscilityError("unauthenticated")),
      );
    });
  };
}

/** Reads any request body as text. */
export const readText = express.text({ type: () => true, limit: maxBody, inflate: false });

/** Refuses a body that is too large or has no stated size, before it is read. */
export const limitBody: Step = ({ headers }) => {
  const endless = headers["transfer-encoding"] !== undefined;
  if (endless || Number(headers["content-length"] ?? 0) > maxBody)
    throw new FiscilityError("body_too_large");
};

/** Refuses a path with invalid percent-encoding or bytes that are not text. */
export const refuseBrokenPath: Step = (req) => {
  // Fetch, which Remix and tRPC use, does not support this method.
  if (req.method === "TRACE") throw new FiscilityError("method_not_allowed");
  try {
    decodeURIComponent(req.path);
  } catch {
    throw new FiscilityError("not_found");
  }
};

/** An `invalid_input` that no real client causes. Its response is delayed. */
export class TooMany extends FiscilityError {
  constructor(what: string, most: number) {
    const issues = [{ path: "", message: `More than ${most} ${what}` }];
    super("invalid_input", { details: { issues } });
  }
}
