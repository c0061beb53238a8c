/** Playwright: pages that load Plaid's script from its CDN get the sandbox's instead. */
import { readFileSync } from "node:fs";

/** The part of Playwright's `Page` and `BrowserContext` that is used; no dependency on a version. */
interface Routable {
  route(
    url: string,
    handler: (route: {
      fulfill(response: { body: string; contentType: string }): Promise<void>;
    }) => Promise<void>,
  ): Promise<unknown>;
}

const CDN = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";

/**
 * Serves the sandbox's Link script at the address of Plaid's CDN, so that a page needs no change.
 * `sandbox`: its URL, e.g. that of `startSandbox()`.
 */
export async function routePlaid(page: Routable, sandbox: string): Promise<void> {
  const file = new URL("./src/link/browser/link-initialize.js", import.meta.url);
  const script = readFileSync(file, "utf8");
  // The script finds the sandbox by its own address, which is the CDN's here.
  const body = `window.__plaidSandbox = ${JSON.stringify(new URL(sandbox).origin)};\n${script}`;
  await page.route(CDN, (route) => route.fulfill({ body, contentType: "text/javascript" }));
}
