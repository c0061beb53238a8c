import express, { type Request, type RequestHandler } from "express";
import type { Context } from "../api/context.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Step } from "./in-turn.ts";

/** Bytes of a request body; Link's metadata for a hundred accounts is a fifth of it. */
export const maxBody = 100_000;

// What these let through costs linear time in whatever reads it next. Each of them only counts.

/** Of each kind in a request's head. Browsers keep 180 cookies of a site, and send 20 headers. */
const maxParts = 200;

/** Refuses a head with more headers, cookies, query parameters or path segments than any client sends. */
export const limitHead: Step = (req) => {
  if (req.rawHeaders.length / 2 > maxParts) throw new TooMany("headers", maxParts);
  if (hasMore(req.headers.cookie ?? "", ";", maxParts)) throw new TooMany("cookies", maxParts);
  const [path = "", query = ""] = req.originalUrl.split("?", 2);
  if (hasMore(query, "&", maxParts)) throw new TooMany("query parameters", maxParts);
  if (hasMore(path, "/", maxParts)) throw new TooMany("path segments", maxParts);
};

/** Whether a text has more than so many parts. Stops counting there. */
const hasMore = (text: string, separator: string, most: number) =>
  text.length >= most && text.split(separator, most + 1).length > most;

/** Fields of a JSON body: several times those of Link's metadata for a hundred accounts. */
const maxFields = 2_000;

/**
 * Reads the JSON body of a request as text: what a caller may not do is refused before it is parsed. So is
 * one with more fields than any client sends, as V8 takes ten times as long for a field as for an element.
 * Counts every colon, of which there are at least as many as fields. A caller who is not known learns
 * nothing but that.
 */
export function readJsonAsText(identify: (req: Request) => Promise<Context>): RequestHandler {
  return (req, res, next) => {
    limitBody(req, res);
    // Without a length there is no body.
    const length = req.headers["content-length"];
    if (length === undefined) return next();
    // Only JSON: what tRPC and Express take beside it costs more to parse than it may.
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

/** The body of a request as text, whatever it is. */
export const readText = express.text({ type: () => true, limit: maxBody, inflate: false });

/** Refuses a body that is too large or does not state its size, before anything reads it. */
export const limitBody: Step = ({ headers }) => {
  const endless = headers["transfer-encoding"] !== undefined;
  if (endless || Number(headers["content-length"] ?? 0) > maxBody)
    throw new FiscilityError("body_too_large");
};

/** Refuses a path with a broken percent-encoding or bytes that are not text. */
export const refuseBrokenPath: Step = (req) => {
  // Fetch, which Remix and tRPC speak, has no request of this method.
  if (req.method === "TRACE") throw new FiscilityError("method_not_allowed");
  try {
    decodeURIComponent(req.path);
  } catch {
    throw new FiscilityError("not_found");
  }
};

/** `invalid_input` for what no client of ours sends: its refusal leaves late. */
export class TooMany extends FiscilityError {
  constructor(what: string, most: number) {
    const issues = [{ path: "", message: `More than ${most} ${what}` }];
    super("invalid_input", { details: { issues } });
  }
}
