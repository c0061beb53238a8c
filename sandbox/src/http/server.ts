/** The HTTP server: which handler serves which path. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { serveControl } from "../control/control-api.ts";
import { ENDPOINTS } from "../endpoints/index.ts";
import { serveLink } from "../link/link-pages.ts";
import type { Sandbox } from "../sandbox.ts";
import { serveApi } from "./api.ts";
import { sendJson } from "./body.ts";

/** A server for the sandbox, not yet listening. */
export function sandboxServer(sandbox: Sandbox): Server {
  return createServer((request, response) => {
    serve(sandbox, request, response).catch((error: unknown) => {
      // A caller may hang up. Any other error is ours and must be visible.
      if (!request.errored) process.stderr.write(`${describe(error)}\n`);
      if (response.headersSent || response.destroyed) response.destroy();
      else sendJson(response, 500, { error: "the sandbox failed; see its output" });
    });
  });
}

async function serve(
  sandbox: Sandbox,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url: target = "/" } = request;
  // Nearly every request is a plain path of the API, which needs no parsing.
  if (ENDPOINTS.has(target)) return serveApi(sandbox, request, response, target);
  const url = URL.parse(target, "http://sandbox");
  const path = url?.pathname ?? "/";
  if (url && !ENDPOINTS.has(path)) {
    if (path.startsWith("/_control/")) return serveControl(sandbox, request, response, url);
    if (await serveLink(sandbox, request, response, url)) return;
  }
  await serveApi(sandbox, request, response, path);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
