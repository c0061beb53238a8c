import { incomingMessageToRequest } from "@trpc/server/adapters/node-http";
import { resolveResponse } from "@trpc/server/http";
import type { Request, RequestHandler, Response } from "express";
import type { Context } from "./context.ts";
import { appRouter } from "./router.ts";

/**
 * Queries and mutations over tRPC's own protocol. In place of tRPC's Express adapter, which pipes
 * every answer through web streams: an answer here is whole, and leaves in one piece with its length.
 */
export function createTrpcHandler(
  createContext: (req: Request) => Promise<Context>,
  onError: (req: Request, error: unknown, name: string | undefined) => void,
  limits: { maxBodySize: number; maxBatchSize: number },
): RequestHandler {
  async function answer(req: Request, res: Response): Promise<void> {
    const response = await resolveResponse({
      router: appRouter,
      req: incomingMessageToRequest(req, res, limits),
      path: req.path.slice(req.path.lastIndexOf("/") + 1),
      error: null,
      createContext: () => createContext(req),
      maxBatchSize: limits.maxBatchSize,
      onError: ({ error, path }) => onError(req, error, path),
    });
    res.statusCode = response.status;
    for (const [name, value] of response.headers) res.setHeader(name, value);
    res.end(await response.text());
  }
  return (req, res, next) => {
    answer(req, res).catch(next);
  };
}
