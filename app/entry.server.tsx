import { PassThrough } from "node:stream";
import {
  type AppLoadContext,
  createReadableStreamFromReadable,
  type EntryContext,
  type LoaderFunctionArgs,
} from "@remix-run/node";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";
import { NonceContext } from "./nonce.ts";

/** How long a loader's deferred data may take before the stream is closed, in milliseconds. */
export const streamTimeout = 10_000;

/** Remix would print it, stack and all; it belongs in the log, under the request's id. */
export function handleError(error: unknown, { request, context }: LoaderFunctionArgs): void {
  // A person who went away while the page was made is no failure, nor is a method that a page lacks.
  if (!request.signal.aborted && !isRouteErrorResponse(error)) context.report(error);
}

/** What a page shows is one person's, and true for now: no browser or proxy keeps it. */
const noStore = (headers: Headers) => headers.set("Cache-Control", "no-store");

/** The data of a page, for a browser that has its code already. */
export function handleDataRequest(response: Response): Response {
  noStore(response.headers);
  return response;
}

/** Renders a page as a stream: the frame at once to a browser, the whole page to a crawler. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  { nonce }: AppLoadContext,
): Promise<Response> {
  noStore(headers);
  const readyEvent = isbot(request.headers.get("user-agent")) ? "onAllReady" : "onShellReady";
  return new Promise((resolve, reject) => {
    const { pipe, abort } = renderToPipeableStream(
      <NonceContext.Provider value={nonce}>
        <RemixServer context={remixContext} url={request.url} nonce={nonce} />
      </NonceContext.Provider>,
      {
        nonce,
        [readyEvent]() {
          const body = new PassThrough();
          headers.set("Content-Type", "text/html; charset=utf-8");
          resolve(new Response(createReadableStreamFromReadable(body), { headers, status }));
          pipe(body);
        },
        onShellError: reject,
      },
    );
    // A little after the data, so that what is still missing is rendered as an error first.
    setTimeout(abort, streamTimeout + 1_000).unref();
  });
}
