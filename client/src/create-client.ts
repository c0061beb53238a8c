import { createTRPCUntypedClient, httpBatchLink, httpLink, splitLink } from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import type { CallOptions, Subscriber } from "./call.ts";
import { callLink } from "./call-link.ts";
import { download, type ExportFormat } from "./download.ts";
import { type FiscilityError, isFiscilityError } from "./fiscility-error.ts";
import type { Hooks } from "./hooks.ts";
import { iterateChanges, iterateEvents, iterateTransactions } from "./iterate.ts";
import type {
  Transaction,
  TransactionChanges,
  TransactionChangesInput,
  TransactionsListInput,
} from "./objects.ts";
import { type Procedures, procedureTypes } from "./procedures.ts";
import { readBaseUrl, requireApiKey } from "./read-options.ts";
import { createSend } from "./send.ts";
import { streamLink } from "./stream-link.ts";
import { readResponse, toFiscilityError } from "./to-fiscility-error.ts";
import { tree } from "./tree.ts";

export interface ClientOptions extends Hooks {
  /** The address of the app, without a path: `https://connect.example.com`. */
  baseUrl: string;
  /**
   * `fsk_…`, created at `/settings/api-keys`. A page of the app itself omits it and uses its session.
   * `undefined` is refused, because it comes from a variable that is not set.
   */
  apiKey?: string | undefined;
  /**
   * The timeout of a call, including retries and waits. A stream must open within it, or is retried.
   * Milliseconds; 60,000 by default.
   */
  timeoutMs?: number | undefined;
  /**
   * The timeout of one attempt that may be retried: queries, `connectAccount` and `plaid.createLinkToken`.
   * Milliseconds; 30,000 by default, because the server's own limits are shorter.
   */
  attemptTimeoutMs?: number | undefined;
  /** The maximum retries of a call that may be repeated; 2 by default. */
  retries?: number | undefined;
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /**
   * Returns the `traceparent` header of each request, which the server logs with the request id. Omit it if
   * an instrumentation of fetch adds the header.
   * @see https://www.w3.org/TR/trace-context/#traceparent-header
   */
  traceparent?: (() => string | null | undefined) | undefined;
}

/** Every procedure that an API key can call, and helpers that combine several calls. */
export interface FiscilityClient extends Procedures {
  account: Procedures["account"] & {
    /**
     * All stored data of the user, as a stream: for histories that do not fit into memory.
     *
     * Scope: `account:export`.
     * @throws FiscilityError as `account.exportData` does
     */
    download(
      format: ExportFormat,
      options?: Pick<CallOptions, "signal" | "timeoutMs">,
    ): Promise<ReadableStream<Uint8Array>>;
  };
  transactions: Procedures["transactions"] & {
    /**
     * Every matching transaction, newest first, for `for await`. Pages are fetched when the loop needs them,
     * of 500 unless `limit` is set.
     *
     * Scope: `transactions:read`.
     * @throws FiscilityError as `transactions.list` does
     */
    iterate(
      filter?: Omit<TransactionsListInput, "cursor">,
      options?: CallOptions,
    ): AsyncGenerator<Transaction, void>;
    changes: Procedures["transactions"]["changes"] & {
      /**
       * Every change since a cursor, for `for await`: page after page, of 500 changes unless `limit` says otherwise. Store
       * the `cursor` of each page with what you made of it, and begin there the next time.
       *
       * Scope: `transactions:read`.
       * @throws FiscilityError as `transactions.changes` does
       */
      iterate(
        input?: TransactionChangesInput,
        options?: CallOptions,
      ): AsyncGenerator<TransactionChanges, void>;
    };
  };
}

/**
 * A client of Fiscility Connect: `await client.accounts.list.query()`. Queries made in the same tick are sent
 * as one request. Every failure is a `FiscilityError` whose stack begins at the call.
 * @throws FiscilityError `invalid_options` at once for an invalid address or key
 */
export function createClient(options: ClientOptions): FiscilityClient {
  const { apiKey, timeoutMs = 60_000, attemptTimeoutMs = 30_000, retries = 2 } = options;
  const { onRequest, onResponse, onRetry, traceparent } = options;
  const root = readBaseUrl(options.baseUrl);
  const url = `${root}/trpc`;
  // An explicit undefined comes from a variable that is not set; a page of the app omits it.
  if ("apiKey" in options) requireApiKey(apiKey);
  const send = createSend({
    apiKey,
    fetch: options.fetch ?? fetch,
    traceparent,
    onRequest,
    onResponse,
  });
  const http = {
    url,
    async fetch(address: string | URL | Request, init?: object) {
      const [paths = ""] = String(address)
        .slice(url.length + 1)
        .split("?");
      const calls = paths.split(",");
      const response = await send(calls, address, init);
      return { ok: response.ok, json: () => readResponse(response, url, calls.length) };
    },
  };
  const trpc = createTRPCUntypedClient<AnyRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: streamLink({ url, timeoutMs, retries, send, onRetry }),
        false: [
          callLink({ url, timeoutMs, attemptTimeoutMs, retries, onRetry }),
          splitLink({
            condition: ({ type }) => type === "query",
            // The server accepts 100 calls in one request, and proxies about 8 kB of URL.
            true: httpBatchLink({ ...http, maxItems: 50, maxURLLength: 4000 }),
            // In its own request: a connection takes seconds, and must not delay other calls.
            false: httpLink(http),
          }),
        ],
      }),
    ],
  });

  const call = (path: string, type: "query" | "mutation") => {
    const made = async (input?: unknown, { signal, ...context }: CallOptions = {}) => {
      const caller = callerOf(made);
      const sent = trpc[type](path, input, { ...(signal && { signal }), context });
      return sent.catch((thrown: unknown) => {
        throw shownAt(caller, toFiscilityError(thrown, url));
      });
    };
    return type === "query" ? { query: made } : { mutate: made };
  };
  const stream = (path: string) => {
    const subscribe = (input: unknown, { signal, onError, ...on }: Subscriber<never>) => {
      const caller = callerOf(subscribe);
      return trpc.subscription(path, input, {
        ...(signal && { signal }),
        ...(on as object),
        onError: (thrown) => onError?.(shownAt(caller, toFiscilityError(thrown, url))),
      });
    };
    const iterate = (input?: unknown, { signal }: Pick<CallOptions, "signal"> = {}) => {
      const events = (subscriber: Subscriber<never>) => subscribe(input, subscriber);
      return shownFrom(callerOf(iterate), iterateEvents(events, signal));
    };
    return { subscribe, iterate };
  };
  const procedures = tree(procedureTypes, (path, type) =>
    type === "subscription" ? stream(path) : call(path, type),
  ) as unknown as Procedures;
  const downloaded: FiscilityClient["account"]["download"] = async (format, options = {}) => {
    const caller = callerOf(downloaded);
    return download({ root, send, timeoutMs }, format, options).catch((thrown: unknown) => {
      throw shownAt(caller, toFiscilityError(thrown, url));
    });
  };
  const { list, changes } = procedures.transactions;
  const iterate: FiscilityClient["transactions"]["iterate"] = (filter = {}, options = {}) =>
    shownFrom(callerOf(iterate), iterateTransactions(list, filter, options));
  type IterateChanges = FiscilityClient["transactions"]["changes"]["iterate"];
  const iterateAllChanges: IterateChanges = (input = {}, options = {}) =>
    shownFrom(callerOf(iterateAllChanges), iterateChanges(changes, input, options));
  return {
    ...procedures,
    transactions: {
      ...procedures.transactions,
      iterate,
      changes: { ...changes, iterate: iterateAllChanges },
    },
    account: { ...procedures.account, download: downloaded },
  };
}

/** The frames above `made`, without the first line; undefined when the engine has none. */
function callerOf(made: (...args: never[]) => unknown): string | undefined {
  const at: { stack?: string | undefined } = {};
  const { captureStackTrace } = Error as { captureStackTrace?: typeof Error.captureStackTrace };
  if (captureStackTrace) captureStackTrace(at, made);
  else at.stack = new Error().stack;
  return at.stack?.slice(at.stack.indexOf("\n") + 1);
}

/** Replaces the stack, because the client's internals do not help its caller. The cause keeps its own. */
function shownAt(caller: string | undefined, error: FiscilityError): FiscilityError {
  if (caller) error.stack = `${error.name}: ${error.message}\n${caller}`;
  return error;
}

/** Yields the same items. An error gets the stack of the place where the loop started. */
async function* shownFrom<Item>(
  caller: string | undefined,
  items: AsyncGenerator<Item, void>,
): AsyncGenerator<Item, void> {
  try {
    yield* items;
  } catch (error) {
    throw isFiscilityError(error) ? shownAt(caller, error) : error;
  }
}
