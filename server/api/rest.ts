import camelcaseKeys from "camelcase-keys";
import { type Request, type Response, Router } from "express";
import snakecaseKeys from "snakecase-keys";
import { reasons } from "../contracts/errors.ts";
import type { Context } from "./context.ts";
import { type Caller, createCaller } from "./router.ts";
import { toFiscilityError } from "./trpc.ts";

/**
 * The REST face of the same procedures, for other languages: JSON in and out, snake_case as Plaid's.
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
        const input = typeof body === "object" ? camelcaseKeys(body as object, { deep: true }) : body;
        const output = await call(createCaller(context), input as never);
        res.json(snakecaseKeys(output, { deep: true }));
      } catch (error) {
        next(error);
      }
    });
    router.all(path, (_req, res) => {
      res.setHeader("allow", "POST");
      sendError(res, toFiscilityError(new TRPCMethodError()));
    });
  };

  post("/plaid/create-link-token", (caller, input) => caller.plaid.createLinkToken(input));
  post("/plaid/exchange-token", (caller, input) => caller.connectAccount(input));
  return router;
}
