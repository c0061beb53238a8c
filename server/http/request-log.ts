import { randomUUID } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { toFiscilityError } from "../api/trpc.ts";
import { type FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { spans } from "../telemetry/spans.ts";
import type { Step } from "./in-sequence.ts";
import { localsOf } from "./locals.ts";

/** Gives each request an id for its response, its log lines and its errors. */
export const nameRequest: Step = (_req, res) => {
  res.locals.requestId = randomUUID();
  res.setHeader("x-request-id", res.locals.requestId);
};

/** Opens the span of the whole request. It ends when the response is sent. */
export function traceRequest(templateOf: (req: Request) => string): RequestHandler {
  return (req, res, next) => {
    spans.inSpan(`${req.method}`, {}, async (span) => {
      const closed = new Promise((resolve) => res.once("close", resolve));
      next();
      await closed;
      const route = templateOf(req);
      const { requestId } = res.locals;
      span.rename(`${req.method} ${route}`);
      span.setFields({
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

/** Logs one line for each request when its response is sent. */
export function logRequest(
  { log }: Pick<Services, "log">,
  templateOf: (req: Request) => string,
): Step {
  // No field here needs redaction, and checking for it takes as long as writing the line.
  const requests = log.child({}, { redact: [] });
  return (req, res) => {
    const started = performance.now();
    res.on("finish", () => {
      // The path without its query, because an OAuth return or a form may have secrets in it.
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
 * Well-formed data that a program sends about itself: the version of its client, and the id of its own trace.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
function callerOf(req: Request): { client?: string; traceId?: string } {
  const [client] = /^[\w.@/-]{1,60}$/.exec(req.get("x-client-version") ?? "") ?? [];
  const [, traceId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(req.get("traceparent") ?? "") ?? [];
  return { ...(client && { client }), ...(traceId && { traceId }) };
}

/** Logs one line for a failed call, with Plaid's error and ours. Returns the error for the caller. */
export function logFailure(
  { log }: Pick<Services, "log">,
  req: Request,
  error: unknown,
  name: string | undefined,
): FiscilityError {
  const failure = toFiscilityError(error);
  // The client disconnected before the request was complete, so nothing was done and nothing of ours failed.
  if (req.destroyed && !req.complete) {
    log.debug(
      { event: "request_cut", requestId: localsOf(req).requestId, name },
      "Request aborted",
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
