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

/** Logs the error with the request's id. Remix would print it with its stack. */
export function handleError(error: unknown, { request, context }: LoaderFunctionArgs): void {
  // A user who left before the page was rendered is not an error, and neither is a method that a page does
  // not support.
  if (!request.signal.aborted && !isRouteErrorResponse(error)) context.report(error);
}

/** Pages show private and current data: no browser or proxy may store them. */
const noStore = (headers: Headers) => headers.set("Cache-Control", "no-store");

/** Called for the data of a page, if the browser already has its code. */
export function handleDataRequest(response: Response): Response {
  noStore(response.headers);
  return response;
}

/** Renders a page as a stream: a browser gets the layout immediately, a crawler only the complete page. */
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
    // A little later than the data's time-out, so that missing data is rendered as an error first.
    const limit = setTimeout(() => abort(), streamTimeout + 1_000).unref();
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
          // It would keep the page's data until then.
          body.once("close", () => clearTimeout(limit));
          pipe(body);
        },
        onShellError(error) {
          clearTimeout(limit);
          reject(error);
        },
      },
    );
  });
}
