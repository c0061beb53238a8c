import camelcaseKeys from "camelcase-keys";
import { type Request, Router } from "express";
import snakecaseKeys from "snakecase-keys";
import { FiscilityError } from "../contracts/errors.ts";
import type { Context } from "./context.ts";
import { type Caller, createCaller } from "./router.ts";

/**
 * The REST face of the same procedures below `/plaid`, for other languages: JSON in and out, snake_case as Plaid's.
 * Errors are `{ "error": { "reason", "message", "requestId" } }` with the reason's HTTP status.
 */
export function createRestRouter(createContext: (req: Request) => Promise<Context>): Router {
  const router = Router();

  const post = (
    path: string,
    call: (caller: Caller, input: never) => Promise<Record<string, unknown>>,
  ) => {
    router.post(path, async (req, res, next) => {
      try {
        const context = await createContext(req);
        const body: unknown = req.body ?? {};
        const input = isRecord(body) ? camelcaseKeys(body, { deep: true }) : body;
        const output = await call(createCaller(context), input as never);
        res.json(snakecaseKeys(output, { deep: true }));
      } catch (error) {
        next(error);
      }
    });
    router.all(path, (_req, _res, next) => next(new FiscilityError("method_not_allowed")));
  };

  post("/create-link-token", (caller, input) => caller.plaid.createLinkToken(input));
  post("/exchange-token", (caller, input) => caller.connectAccount(input));
  return router;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
