import { setTimeout as pause } from "node:timers/promises";
import type { ErrorRequestHandler } from "express";
import snakecaseKeys from "snakecase-keys";
import { type ErrorBody, FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { localsOf } from "./locals.ts";
import { TooMany } from "./request-limits.ts";
import { logFailure } from "./request-log.ts";

/** body-parser's errors: https://github.com/expressjs/body-parser#errors */
const parserReasons: Record<string, Reason> = {
  "entity.parse.failed": "invalid_json",
  "entity.too.large": "body_too_large",
  "encoding.unsupported": "unsupported_media_type",
  "charset.unsupported": "unsupported_media_type",
};

/** Sends whatever a handler threw as one of our reasons, with its status. */
export function sendError(services: Pick<Services, "log" | "limits">): ErrorRequestHandler {
  const handler: ErrorRequestHandler = (error, req, res, next) => {
    if (res.headersSent) {
      logFailure(services, req, error, req.path);
      return next(error);
    }
    const parserReason = parserReasons[error?.type as string];
    const refusal = parserReason ? new FiscilityError(parserReason) : error;
    const { reason, message, details } = logFailure(services, req, refusal, req.path);
    const { requestId } = localsOf(req);
    const rest = /^\/(plaid|api\/v1)\//.test(req.originalUrl);
    const given = rest && details ? snakecaseKeys(details) : details;
    const body: ErrorBody = { error: { reason, message, requestId, details: given } };
    if (details && "retryAfterSeconds" in details) {
      res.setHeader("Retry-After", details.retryAfterSeconds);
    }
    // Below /plaid the flow's specification defines another name for the request id.
    const snake = req.originalUrl.startsWith("/api/v1");
    res.status(reasons[reason].status).json(snake ? snakecaseKeys({ ...body }) : body);
  };
  return (error, req, res, next) => {
    if (!(error instanceof TooMany)) return handler(error, req, res, next);
    pause(services.limits.refusal)
      .then(() => handler(error, req, res, next))
      .catch(next);
  };
}
