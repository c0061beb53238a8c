import type { Browser, Page } from "playwright-core";

export { launchBrowser } from "../../sandbox/tests/support/browser.ts";

/** As the Chromium with a window says it. */
const ordinaryUserAgent = (browser: Browser) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version().split(".")[0]}.0.0.0 Safari/537.36`;

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

interface PageOptions {
  width?: number;
  /** Opens another tab of the same person. */
  from?: Page;
  colorScheme?: "light" | "dark";
  /** Everything moves, as for most people; else only what does for those who asked for less. */
  moving?: boolean;
  /** Off: the page's own scripts do not run. */
  scripts?: boolean;
  /** Where the person is: their language, `de-AT`, and their time zone, `Europe/Vienna`. */
  locale?: string;
  timezoneId?: string;
}

/** A page of a context of its own, watched. */
export async function openPage(browser: Browser, options: PageOptions = {}): Promise<Witness> {
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
      reducedMotion: options.moving ? "no-preference" : "reduce",
      javaScriptEnabled: options.scripts ?? true,
      locale: options.locale,
      timezoneId: options.timezoneId,
      // As a person's: to a crawler the server sends a page only when all of it is there.
      userAgent: ordinaryUserAgent(browser),
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
  // Where tsx runs this, it wraps functions that have a name in a helper which no page has.
  await page.addInitScript("globalThis.__name ??= (named) => named");
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
