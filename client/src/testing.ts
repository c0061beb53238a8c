import { reasons } from "../../server/contracts/errors.ts";
import type { Mutation, Query, StreamEvent, Subscription } from "./call.ts";
import { type ClientOptions, createClient, type FiscilityClient } from "./create-client.ts";
import type { ExportFormat } from "./download.ts";
import { fiscilityError, sentDetails } from "./errors.ts";
import { clientFailure, type FiscilityError, isFiscilityError } from "./fiscility-error.ts";
import { type Procedures, procedureTypes } from "./procedures.ts";

export { fiscilityError };

type Handler<Procedure> =
  Procedure extends Query<infer Input, infer Output>
    ? (input: Input) => Output | Promise<Output>
    : Procedure extends Mutation<infer Input, infer Output>
      ? (input: Input) => Output | Promise<Output>
      : Procedure extends Subscription<infer Input, infer Event>
        ? (input: Input) => Iterable<StreamEvent<Event>> | AsyncIterable<StreamEvent<Event>>
        : { [Name in keyof Procedure]?: Handler<Procedure[Name]> };

/**
 * The responses in a test, by procedure: `{ accounts: { list: () => ({ items: [] }) } }`. A handler that
 * throws `fiscilityError(…)` fails the call with it. `account.download` returns the text of the whole
 * download.
 */
export type Handlers = { [Name in keyof Procedures]?: Handler<Procedures[Name]> } & {
  account?: { download?: (format: ExportFormat) => string };
};

/**
 * Creates a client that gets its responses from the handlers, without a network. It is the real client, with
 * its retries (none unless set in `options`), errors and hooks. A call without a handler fails with its name.
 */
export function createStubClient(
  handlers: Handlers,
  options: Partial<ClientOptions> = {},
): FiscilityClient {
  return createClient({
    baseUrl: "http://fiscility.test",
    retries: 0,
    fetch: createMockFetch(handlers),
    ...options,
  });
}

/**
 * A `fetch` for a `createClient` that your own code calls. It responds like the server, including batches and
 * event streams, at any address.
 */
export function createMockFetch(handlers: Handlers): typeof fetch {
  return async (address, init) => {
    const url = new URL(address instanceof Request ? address.url : String(address));
    const headers = new Headers(init?.headers);
    if (url.pathname.endsWith("/api/v1/account/export")) {
      const accept = headers.get("accept") ?? "application/json";
      const format = accept.split(/[/-]/).pop() as ExportFormat;
      return respond(
        "account.download",
        async () => handlerOf(handlers, "account.download")(format) as string,
        (body) => new Response(body, { headers: { "content-type": accept } }),
        (error) => json(statusOf(error), { error: plain(error) }),
      );
    }
    const names = decodeURIComponent(url.pathname.split("/").pop() ?? "").split(",");
    const input = JSON.parse(
      (init?.body as string | undefined) ?? url.searchParams.get("input") ?? "null",
    ) as unknown;
    const [name = ""] = names;
    if (procedureTypes[name as keyof typeof procedureTypes] === "subscription") {
      return streamOf(() => handlerOf(handlers, name)(input ?? undefined) as Events, init?.signal);
    }
    const isBatch = url.searchParams.has("batch");
    const results = await Promise.all(
      names.map((each, at) =>
        respond(
          each,
          async () =>
            handlerOf(
              handlers,
              each,
            )((isBatch ? (input as Record<number, unknown> | null)?.[at] : input) ?? undefined),
          (data) => ({ status: 200, body: { result: { data } } as object }),
          (error) => ({ status: statusOf(error), body: { error: trpcError(error) } }),
        ),
      ),
    );
    const bodies = results.map(({ body }) => body);
    return json(results[0]?.status ?? 200, isBatch ? bodies : bodies[0]);
  };
}

/**
 * A reason of the client itself, such as `unreachable`, is thrown unchanged, because no server returns it.
 */
async function respond<Output, Result>(
  name: string,
  call: () => Promise<Output>,
  succeed: (output: Output) => Result,
  fail: (error: FiscilityError) => Result,
): Promise<Result> {
  try {
    return succeed(await call());
  } catch (error) {
    if (!isFiscilityError(error)) throw brokenHandler(name, error);
    if (!Object.hasOwn(reasons, error.reason)) throw error;
    return fail(error);
  }
}

type Events = Iterable<StreamEvent<unknown>> | AsyncIterable<StreamEvent<unknown>>;

/** Ends like a stream on which the server has nothing more to send. */
function streamOf(events: () => Events, signal: AbortSignal | null | undefined): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(stream) {
      const write = (event: string, data: unknown, id?: string) =>
        stream.enqueue(
          encoder.encode(
            `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n${id === undefined ? "" : `id: ${id}\n`}\n`,
          ),
        );
      write("connected", {});
      try {
        for await (const { id, data } of events()) {
          if (signal?.aborted) return;
          write("", data, id);
        }
        write("return", null);
      } catch (error) {
        const failure = isFiscilityError(error) ? error : brokenHandler("live.changes", error);
        write("serialized-error", trpcError(failure));
      }
      stream.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function handlerOf(handlers: Handlers, name: string): (input: unknown) => unknown {
  let found: unknown = handlers;
  for (const part of name.split("."))
    found = (found as Record<string, unknown> | undefined)?.[part];
  if (typeof found === "function") return found as (input: unknown) => unknown;
  throw clientFailure(
    "unreachable",
    { url: name },
    { message: `The test has no handler for ${name}.`, retryable: false },
  );
}

const brokenHandler = (name: string, cause: unknown): FiscilityError =>
  clientFailure(
    "unreachable",
    { url: name },
    { message: `The test's handler for ${name} threw: ${cause}`, retryable: false, cause },
  );

const statusOf = (error: FiscilityError) => reasons[error.reason as keyof typeof reasons].status;

const plain = (error: FiscilityError) => ({
  reason: error.reason,
  message: error.message,
  requestId: error.requestId,
  details: sentDetails(error),
});

/** The code is required, but the reason says it all. */
const trpcError = (error: FiscilityError) => ({
  code: -32603,
  message: error.message,
  data: plain(error),
});

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
