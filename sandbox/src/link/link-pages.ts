/** Serves Link to the browser: the script, the pages, the logos, and the steps behind them. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { findInstitution } from "../bank/institutions.ts";
import { drawLogo } from "../bank/logos.ts";
import { isJson, readBody, sendJson } from "../http/body.ts";
import type { Sandbox } from "../sandbox.ts";
import { linkStep } from "./link-api.ts";
import { decideOAuth, oauthBank } from "./oauth-bank.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** Pages on this machine and Hosted Link's may frame Link; others need an origin allowed at the start. */
const ALWAYS_FRAME =
  "'self' http://localhost:* http://127.0.0.1:* http://*.localhost:* https://localhost:* https://127.0.0.1:*";
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const FILES: Record<string, string> = {
  "/link/v2/stable/link-initialize.js": "link-initialize.js",
  "/link/index.html": "link.html",
  "/link/link.js": "link.js",
  "/link/dom.js": "dom.js",
  "/link/form.js": "form.js",
  "/link/panes.js": "panes.js",
  "/link/link.css": "link.css",
  "/link/embedded.html": "embedded.html",
  "/link/embedded.js": "embedded.js",
  "/link/hosted.html": "hosted.html",
  "/link/hosted.js": "hosted.js",
  "/link/oauth.html": "oauth.html",
  "/link/oauth.js": "oauth.js",
};

const FRAMED = ["link.html", "embedded.html"];

/** Responds to a GET or POST below `/link/` that is not part of Plaid's API. False when it has no handler. */
export async function serveLink(
  sandbox: Sandbox,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const { pathname } = url;
  if (request.method === "GET" || request.method === "HEAD") {
    const file = FILES[pathname];
    if (file !== undefined) {
      sendFile(response, file, sandbox.settings.pageOrigins);
      return true;
    }
    const logo = /^\/link\/logos\/(ins_\d+)\.png$/.exec(pathname)?.[1];
    const institution = logo === undefined ? undefined : findInstitution(logo);
    if (!institution) return false;
    response.writeHead(200, { "content-type": "image/png", "cache-control": "max-age=3600" });
    response.end(drawLogo(institution.mark, institution.primary_color));
    return true;
  }
  const step = /^\/link\/(session|bank)\/([a-z-]+)$/.exec(pathname);
  if (request.method !== "POST" || !step) return false;
  if (!isJson(request) || !sameOrigin(request)) {
    sendJson(response, 403, { error: "Link's own pages only" });
    return true;
  }
  const fields = parse(await readBody(request));
  if (step[1] === "bank") sendJson(response, 200, bankStep(sandbox, step[2] ?? "", fields));
  else sendJson(response, 200, linkStep(sandbox, step[2] ?? "", fields));
  return true;
}

/** The OAuth bank's page: `show`, `allow` and `deny`. */
function bankStep(sandbox: Sandbox, step: string, fields: Record<string, unknown>): object {
  const state_id = String(fields.oauth_state_id ?? "");
  if (step === "allow") {
    const { username, password, account_ids } = fields;
    return decideOAuth(sandbox, state_id, {
      username: String(username),
      password: String(password),
      account_ids: Array.isArray(account_ids) ? account_ids.map(Number) : null,
    });
  }
  if (step === "deny") return decideOAuth(sandbox, state_id, null);
  const shown = oauthBank(sandbox, state_id);
  if (!shown) return { outcome: "unknown" };
  const { institution_id, name, primary_color } = shown.institution;
  return { outcome: "bank", institution_id, name, primary_color, client_name: shown.client_name };
}

function sendFile(response: ServerResponse, file: string, pageOrigins: string[]): void {
  const extension = file.slice(file.lastIndexOf(".") + 1);
  // Only Link's own documents may be framed; the pages of the bank and of Hosted Link may not.
  const framers = FRAMED.includes(file) ? [ALWAYS_FRAME, ...pageOrigins].join(" ") : "'none'";
  response.writeHead(200, {
    "content-type": TYPES[extension] ?? "application/octet-stream",
    "content-security-policy": `${POLICY}; frame-ancestors ${framers}`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    // Host pages may be cross-origin isolated.
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "no-cache",
  });
  response.end(readBrowserFile(file));
}

const read = new Map<string, Buffer>();

function readBrowserFile(file: string): Buffer {
  let content = read.get(file);
  if (!content) {
    content = readFileSync(new URL(`./browser/${file}`, import.meta.url));
    read.set(file, content);
  }
  return content;
}

/** Browsers name the origin of a foreign page's POST; this server's own has to be named, or none. */
function sameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || URL.parse(origin)?.host === host;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
