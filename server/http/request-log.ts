import { randomUUID } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { toFiscilityError } from "../api/trpc.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { spans } from "../telemetry/spans.ts";
import type { Step } from "./in-turn.ts";
import { localsOf } from "./locals.ts";

/** Gives each request an id, which its response, its log lines and its errors carry. */
export const nameRequest: Step = (_req, res) => {
  res.locals.requestId = randomUUID();
  res.setHeader("x-request-id", res.locals.requestId);
};

/** Opens the span that everything of a request is below; it lasts until the response has left. */
export function traceRequest(templateOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    spans.inSpan(`${req.method}`, {}, async (span) => {
      const closed = new Promise((resolve) => res.once("close", resolve));
      next();
      await closed;
      const route = templateOf(req);
      const { requestId } = res.locals;
      span.rename(`${req.method} ${route}`);
      span.tell({
        "http.request.method": req.method,
        "http.route": route,
        "http.response.status_code": res.statusCode,
        "fiscility.request_id": requestId,
        ...(callerOf(req).traceId && { "fiscility.caller_trace_id": callerOf(req).traceId }),
      });
      if (res.statusCode >= 500) span.fail(String(res.statusCode));
    });
  };
}

/** Writes one line for each request when its response has left. */
export function logRequest(
  { log }: Pick<Services, "log">,
  templateOf: (req: Request) => string,
): Step {
  // None of these fields holds another that would have to be redacted; to look takes as long as to write.
  const requests = log.child({}, { redact: [] });
  return (req, res) => {
    const started = performance.now();
    res.on("finish", () => {
      // The path without its query: an OAuth return or a form may carry more than a log should.
      requests.info(
        {
          event: "request",
          requestId: res.locals.requestId,
          method: req.method,
          path: req.originalUrl.split("?")[0],
          route: templateOf(req),
          status: res.statusCode,
          ms: Math.round(performance.now() - started),
          ...callerOf(req),
        },
        "Request",
      );
    });
  };
}

/**
 * What a program says of itself, as far as it is well-formed: the version of its client, and the trace that the
 * request is part of on its side.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
function callerOf(req: Request): { client?: string; traceId?: string } {
  const [client] = /^[\w.@/-]{1,60}$/.exec(req.get("x-client-version") ?? "") ?? [];
  const [, traceId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(req.get("traceparent") ?? "") ?? [];
  return { ...(client && { client }), ...(traceId && { traceId }) };
}

/**
 * Writes one line for a failed call, with Plaid's own error beside ours, and returns the error that the
 * caller gets.
 */
export function logFailure(
  { log }: Pick<Services, "log">,
  req: Request,
  error: unknown,
  name: string | undefined,
): FiscilityError {
  const failure = toFiscilityError(error);
  // The request never arrived whole, so nothing was done and nothing of ours failed.
  if (req.destroyed && !req.complete) {
    log.debug(
      { event: "request_cut", requestId: localsOf(req).requestId, name },
      "Request cut off",
    );
    return failure;
  }
  const cause = failure.cause instanceof Error ? failure.cause : undefined;
  log[reasons[failure.reason].status >= 500 ? "error" : "info"](
    {
      event: "refused",
      requestId: localsOf(req).requestId,
      name,
      reason: failure.reason,
      plaid: failure.plaid,
      cause: failure.reason === "internal" ? cause?.stack : cause?.message,
    },
    "Refused",
  );
  return failure;
}
