import { once } from "node:events";
import { getTRPCErrorFromUnknown, getTRPCErrorShape, isTrackedEnvelope } from "@trpc/server";
import type { Request, RequestHandler, Response } from "express";
import { FiscilityError } from "../../contracts/errors.ts";
import { type Context, failureToIdentify } from "../context.ts";
import { subscriptions } from "../contract/endpoints.ts";
import { appRouter, createCaller } from "../router.ts";

/**
 * Subscriptions over Server-Sent Events, in the format of tRPC's own adapter and links. That adapter passes
 * each event through five web streams, which stay in memory while the stream is open: 95 kB for each idle
 * tab, five times as much as here. The procedure is called with all checks of any call.
 * `tests/integration/live.test.ts` tests it with tRPC's link.
 */
export function createEventStreams(
  createContext: (req: Request) => Promise<Context>,
  onError: (req: Request, error: unknown, name: string) => void,
): RequestHandler {
  const names = new Set<string>(subscriptions.map(({ name }) => name));
  return (req, res, next) => {
    const name = req.path.slice(1);
    if (!names.has(name)) return next();
    // A HEAD request would never end.
    if (req.method === "HEAD") throw new FiscilityError("method_not_allowed");
    if (req.method !== "GET") return next();
    stream(name, req, res, createContext, onError).catch(next);
  };
}

async function stream(
  name: string,
  req: Request,
  res: Response,
  createContext: Parameters<typeof createEventStreams>[0],
  onError: Parameters<typeof createEventStreams>[1],
): Promise<void> {
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  const ctx = await createContext(req);
  // A stream that cannot start gets an HTTP error, so that its client retries later.
  const failure = failureToIdentify(ctx);
  if (failure) throw failure;
  let ping: ReturnType<typeof setInterval> | undefined;
  try {
    res.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      // A stream that ends closes its socket.
      connection: "close",
    });
    const client = { reconnectAfterInactivityMs: ctx.services.limits.liveSilence };
    res.write(`event: connected\ndata: ${JSON.stringify(client)}\n\n`);
    ping = setInterval(() => {
      // A client that does not read gets no pings, so nothing piles up for it.
      if (!res.writableNeedDrain && !gone.signal.aborted) res.write("event: ping\ndata: \n\n");
    }, ctx.services.limits.livePing);
    for await (const event of await subscribe(name, ctx, inputOf(req), gone.signal)) {
      const [id, data] = isTrackedEnvelope(event) ? event : [null, event];
      const sent = res.write(
        `data: ${JSON.stringify(data)}\n${id === null ? "" : `id: ${id}\n`}\n`,
      );
      if (!sent) await once(res, "drain", { signal: gone.signal });
    }
    if (!gone.signal.aborted) res.write("event: return\ndata: \n\n");
  } catch (cause) {
    // Ended without an error event, so that the client opens it again: the node is closing, or the client
    // left.
    if ((cause as Error).name === "AbortError") return;
    const error = getTRPCErrorFromUnknown(cause);
    onError(req, error, name);
    const { _config: config } = appRouter._def;
    const shape = getTRPCErrorShape({
      config,
      error,
      ctx,
      path: name,
      type: "subscription",
      input: undefined,
    });
    res.write(`event: serialized-error\ndata: ${JSON.stringify(shape)}\n\n`);
  } finally {
    clearInterval(ping);
    res.end();
  }
}

type Events = AsyncIterable<unknown>;

async function subscribe(
  name: string,
  ctx: Context,
  input: unknown,
  signal: AbortSignal,
): Promise<Events> {
  let target: unknown = createCaller(ctx, { signal });
  for (const part of name.split(".")) target = (target as Record<string, unknown>)[part];
  return (target as (input: unknown) => Promise<Events>)(input);
}

/** tRPC's own format: JSON in the query. An EventSource that reconnects adds a header. */
function inputOf({ query, headers }: Request): unknown {
  const last = headers["last-event-id"];
  let input: unknown;
  try {
    if (typeof query.input === "string") input = JSON.parse(query.input);
  } catch (cause) {
    throw new FiscilityError("invalid_json", { cause });
  }
  return typeof last === "string" ? { ...(input as object), lastEventId: last } : input;
}
