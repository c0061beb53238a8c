/** A page of another site that opens Link, under a strict content security policy. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import type { Page } from "playwright-core";

/** What the page's callbacks were called with, in order. */
export interface Called {
  name: "onLoad" | "onSuccess" | "onExit" | "onEvent";
  // biome-ignore lint/suspicious/noExplicitAny: whatever Link hands over is what is under test
  args: any[];
}

export interface HostPage {
  origin: string;
  close(): void;
}

const PLAIN = `
const query = new URLSearchParams(location.search);
// Kept over an OAuth redirect, as Plaid's guide has it.
if (query.has("token")) sessionStorage.setItem("token", query.get("token"));
window.called = [];
const note = (name) => (...args) => window.called.push({ name, args });
window.handler = Plaid.create({
  token: sessionStorage.getItem("token"),
  ...(query.has("oauth_state_id") ? { receivedRedirectUri: location.href } : {}),
  onLoad: note("onLoad"), onSuccess: note("onSuccess"), onExit: note("onExit"), onEvent: note("onEvent"),
});
document.querySelector("button").addEventListener("click", () => window.handler.open());
`;

const EMBEDDED = `
window.called = [];
const note = (name) => (...args) => window.called.push({ name, args });
const token = new URLSearchParams(location.search).get("token");
window.embedded = Plaid.createEmbedded(
  { token, onLoad: note("onLoad"), onSuccess: note("onSuccess"), onExit: note("onExit"), onEvent: note("onEvent") },
  document.getElementById("root"),
);
`;

const REACT = `
import { createElement as h } from "react";
import { createRoot } from "react-dom/client";
import { usePlaidLink } from "react-plaid-link";
window.called = [];
const note = (name) => (...args) => window.called.push({ name, args });
function Page() {
  const { open, ready } = usePlaidLink({
    token: new URLSearchParams(location.search).get("token"),
    onSuccess: note("onSuccess"), onExit: note("onExit"), onEvent: note("onEvent"), onLoad: note("onLoad"),
  });
  return h("button", { disabled: !ready, onClick: () => open() }, "Connect a bank");
}
createRoot(document.getElementById("root")).render(h(Page));
`;

/**
 * Serves \`/\` (plain script) and \`/react\` (react-plaid-link, unmodified) for a sandbox's Link.
 * \`address\`: of this machine, where the page is.
 */
export async function startHostPage(sandbox: string, address?: string): Promise<HostPage> {
  const bundle = await build({
    stdin: { contents: REACT, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    write: false,
    format: "iife",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const files: Record<string, [string, string]> = {
    "/": ["text/html", page(sandbox, "/plain.js", "")],
    "/cdn": ["text/html", page("https://cdn.plaid.com", "/plain.js", "")],
    "/embedded": ["text/html", page(sandbox, "/embedded.js", "")],
    "/embedded.js": ["text/javascript", EMBEDDED],
    "/react": ["text/html", page(sandbox, "/react.js", CDN_TAG)],
    "/plain.js": ["text/javascript", PLAIN],
    "/react.js": ["text/javascript", bundle.outputFiles[0]?.text ?? ""],
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://host").pathname;
    const [type, text] = files[path] ?? ["text/plain", ""];
    response.writeHead(files[path] ? 200 : 204, {
      "content-type": type,
      "content-security-policy": `default-src 'none'; script-src 'self' ${sandbox} https://cdn.plaid.com; style-src 'self'; frame-src ${sandbox}; connect-src 'self' ${sandbox}; img-src 'self'`,
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, address ?? "127.0.0.1", resolve));
  return {
    origin: `http://${address ?? "localhost"}:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

/** react-plaid-link takes an element with the CDN's src as "already loaded". */
const CDN_TAG = `<script type="text/plain" src="https://cdn.plaid.com/link/v2/stable/link-initialize.js"></script>`;

function page(sandbox: string, script: string, extra: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ledgerline</title>
<meta name="viewport" content="width=device-width"></head><body>${extra}
<script src="${sandbox}/link/v2/stable/link-initialize.js"></script>
<main><h1>Accounts</h1><div id="root"><button>Connect a bank</button></div></main>
<script src="${script}"></script></body></html>`;
}

/** The calls so far. */
export function calls(page: Page): Promise<Called[]> {
  return page.evaluate(() => (window as unknown as { called: Called[] }).called);
}

/** Waits for a callback and gives its arguments. */
export async function call(page: Page, name: Called["name"]): Promise<Called["args"]> {
  await page.waitForFunction(
    (wanted) =>
      (window as unknown as { called: Called[] }).called.some((entry) => entry.name === wanted),
    name,
  );
  return (await calls(page)).find((entry) => entry.name === name)?.args ?? [];
}
