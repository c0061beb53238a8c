import { getTRPCErrorFromUnknown, getTRPCErrorShape } from "@trpc/server";
import { incomingMessageToRequest } from "@trpc/server/adapters/node-http";
import { getHTTPStatusCode, resolveResponse } from "@trpc/server/http";
import type { Request, RequestHandler, Response } from "express";
import { FiscilityError } from "../../contracts/errors.ts";
import type { Context } from "../context.ts";
import type { ProcedureMeta } from "../procedure-meta.ts";
import { appRouter, callProcedure, procedures } from "../router.ts";
import { StreamedOutput, sendParts } from "../streamed-output.ts";
import type { SendWhole } from "./sender.ts";

type CreateContext = (req: Request) => Promise<Context>;
type OnError = (req: Request, error: unknown, name: string | undefined) => void;

/**
 * Queries and mutations over tRPC's own protocol. Replaces tRPC's Express adapter, which pipes every response
 * through web streams: here a response is sent in one piece with its length.
 */
export function createTrpcHandler(
  createContext: CreateContext,
  onError: OnError,
  sendWhole: SendWhole,
  limits: { maxBodySize: number; maxBatchSize: number },
): RequestHandler {
  async function respond(req: Request, res: Response): Promise<void> {
    const path = req.path.slice(req.path.lastIndexOf("/") + 1);
    const reads = readsOf(req, path, limits.maxBatchSize);
    if (reads) {
      const { body, streamed } = await runReads(reads, req, res, createContext, onError);
      return streamed ? sendParts(res, body) : sendWhole(req, res, body);
    }
    // A streamed procedure in any other kind of request is refused, because it would get only a part.
    if (namesOf(path).some(isStreamed)) throw new FiscilityError("unsupported_media_type");
    const response = await resolveResponse({
      router: appRouter,
      req: incomingMessageToRequest(req, res, limits),
      path,
      error: null,
      createContext: () => createContext(req),
      maxBatchSize: limits.maxBatchSize,
      onError: ({ error, path }) => onError(req, error, path),
    });
    res.statusCode = response.status;
    for (const [name, value] of response.headers) res.setHeader(name, value);
    sendWhole(req, res, await response.text());
  }
  return (req, res, next) => {
    respond(req, res).catch(next);
  };
}

/** The queries of one GET. `inputs` are not validated yet: each procedure validates its own. */
interface Reads {
  names: string[];
  inputs: unknown[];
  batch: boolean;
}

const isQuery = (name: string) =>
  Object.hasOwn(procedures, name) && procedures[name]?._def.type === "query";

const isStreamed = (name: string) =>
  Object.hasOwn(procedures, name) &&
  (procedures[name]?._def.meta as ProcedureMeta | undefined)?.streamed !== undefined;
const namesOf = (path: string) => path.replaceAll(/%2c/gi, ",").split(",");

/** Null for everything but well-formed queries of this router, which tRPC then handles. */
function readsOf(req: Request, path: string, maxBatchSize: number): Reads | null {
  const { input, batch, connectionParams } = req.query;
  const {
    "trpc-accept": streamed,
    "content-type": type = "application/json",
    accept,
  } = req.headers;
  const isUnsupported =
    streamed || accept?.includes("jsonl") || connectionParams || !type.endsWith("/json");
  if (req.method !== "GET" || isUnsupported) return null;
  const names = batch === "1" ? namesOf(path) : [path];
  if (names.length > maxBatchSize || !names.every(isQuery)) return null;
  if (input === undefined) return { names, inputs: [], batch: batch === "1" };
  try {
    const sent: unknown = JSON.parse(input as string);
    if (batch !== "1") return { names, inputs: [sent], batch: false };
    if (typeof sent !== "object" || sent === null) return null;
    return { names, inputs: names.map((_, at) => (sent as unknown[])[at]), batch: true };
  } catch {
    return null;
  }
}

/**
 * Does what `resolveResponse` does for queries, without a web Request, Response, URL, Headers and four
 * AbortSignals for each, which take as long as the rest of a cached read. Returns the body, in parts when one
 * of the responses is streamed.
 */
async function runReads(
  { names, inputs, batch }: Reads,
  req: Request,
  res: Response,
  createContext: CreateContext,
  onError: OnError,
): Promise<{ streamed: false; body: string } | { streamed: true; body: AsyncIterable<string> }> {
  let ctx: Context | undefined;
  const creating = createContext(req);
  const call = async (name: string, at: number) => {
    const input = inputs[at];
    try {
      ctx = await creating;
      const data = await callProcedure(name, ctx, () => input, at);
      return { response: { result: { data } } };
    } catch (cause) {
      const error = getTRPCErrorFromUnknown(cause);
      onError(req, error, name);
      const config = appRouter._def._config;
      const of = { config, error, ctx, input, path: name, type: "query" } as const;
      return { response: { error: getTRPCErrorShape(of) }, error };
    }
  };
  const calls = await Promise.all(names.map(call));
  const responses = calls.map(({ response }) => response);
  res.statusCode = getHTTPStatusCode(
    responses,
    calls.map(({ error }) => error),
  );
  res.setHeader("vary", "trpc-accept, accept");
  res.setHeader("content-type", "application/json");
  if (names.some(isStreamed)) return { streamed: true, body: partsOf(responses, batch) };
  return { streamed: false, body: JSON.stringify(batch ? responses : responses[0]) };
}

async function* partsOf(responses: object[], batch: boolean): AsyncGenerator<string> {
  if (batch) yield "[";
  for (const [at, response] of responses.entries()) {
    if (at > 0) yield ",";
    const data = "result" in response ? (response.result as { data: unknown }).data : null;
    if (data instanceof StreamedOutput) {
      yield '{"result":{"data":';
      yield* data.json();
      yield "}}";
    } else yield JSON.stringify(response);
  }
  if (batch) yield "]";
}
