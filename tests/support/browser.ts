import type { Browser, Page } from "playwright-core";

export { launchBrowser } from "../../sandbox/tests/support/browser.ts";

/** What a page did beside what it shows: tests assert that there was nothing. */
export interface Witness {
  page: Page;
  console: string[];
  pageLoads: string[];
  foreignHosts: string[];
  /** How far things have moved under the person's eyes since the page was loaded; 0: nothing has. */
  layoutShift(): Promise<number>;
}

interface LayoutShift extends PerformanceEntry {
  value: number;
}

/** A page of a context of its own, watched; `from` opens another tab of the same person. */
export async function openPage(
  browser: Browser,
  options: { width?: number; from?: Page; colorScheme?: "light" | "dark" } = {},
): Promise<Witness> {
  const width = options.width ?? 1280;
  // A phone has fingers, and scroll bars that take no room.
  const phone = width < 600;
  const context =
    options.from?.context() ??
    (await browser.newContext({
      viewport: { width, height: phone ? 844 : 900 },
      isMobile: phone,
      hasTouch: phone,
      colorScheme: options.colorScheme ?? "light",
      reducedMotion: "reduce",
    }));
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const witness: Witness = {
    page,
    console: [],
    pageLoads: [],
    foreignHosts: [],
    layoutShift: () => page.evaluate(() => (window as unknown as { shifted: number }).shifted),
  };
  await page.addInitScript(() => {
    const sum = { shifted: 0 };
    Object.defineProperty(window, "shifted", { get: () => sum.shifted });
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries() as LayoutShift[]) {
        sum.shifted += shift.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  page.on("console", (message) => witness.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => witness.console.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "localhost" && hostname !== "127.0.0.1") {
      witness.foreignHosts.push(hostname);
    }
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
      witness.pageLoads.push(request.url());
    }
  });
  return witness;
}
