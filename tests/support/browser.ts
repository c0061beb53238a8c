import type { Browser, Page } from "playwright-core";

export { launchBrowser } from "../../sandbox/tests/support/browser.ts";

/** The user agent of Chromium with a window. */
const ordinaryUserAgent = (browser: Browser) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version().split(".")[0]}.0.0.0 Safari/537.36`;

interface Shifted {
  shifted: number;
  shifts: string[];
}

/** Side effects of a page. Tests assert that there were none. */
export interface Witness {
  page: Page;
  console: string[];
  pageLoads: string[];
  foreignHosts: string[];
  /** The layout shift that a user has seen since the page was loaded; 0 for none. */
  layoutShift(): Promise<number>;
  /** What has shifted, from where to where, for a test that allows no shift. */
  layoutShifts(): Promise<string[]>;
}

interface LayoutShift extends PerformanceEntry {
  value: number;
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
}

interface PageOptions {
  width?: number;
  /** Opens another tab of the same user. */
  from?: Page;
  colorScheme?: "light" | "dark";
  /** With animations, as for most users; else with reduced motion. */
  moving?: boolean;
  /** False: the page's own scripts do not run. */
  scripts?: boolean;
  /** The user's language, `de-AT`, and time zone, `Europe/Vienna`. */
  locale?: string;
  timezoneId?: string;
}

/** Opens a page in its own browser context, and records its side effects. */
export async function openPage(browser: Browser, options: PageOptions = {}): Promise<Witness> {
  const width = options.width ?? 1280;
  // A phone has touch, and scroll bars that take no space.
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
      // A user's browser: a crawler gets a page only once all of it is there.
      userAgent: ordinaryUserAgent(browser),
    }));
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const witness: Witness = {
    page,
    console: [],
    pageLoads: [],
    foreignHosts: [],
    layoutShift: () => page.evaluate(() => (window as unknown as Shifted).shifted),
    layoutShifts: () => page.evaluate(() => (window as unknown as Shifted).shifts),
  };
  // tsx wraps named functions in a helper that does not exist in the page.
  await page.addInitScript("globalThis.__name ??= (named) => named");
  await page.addInitScript(() => {
    const seen: Shifted = Object.assign(window, { shifted: 0, shifts: [] });
    const corners = ({ x, y, width, height }: DOMRect) =>
      [x, y, width, height].map(Math.round).join(" ");
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries() as LayoutShift[]) {
        seen.shifted += shift.value;
        for (const { node, previousRect, currentRect } of shift.sources) {
          // Text moves within its box when its font arrives, before which it is not painted.
          if (corners(previousRect) === corners(currentRect)) continue;
          const what = node instanceof Element ? node.outerHTML : (node?.textContent ?? "gone");
          seen.shifts.push(
            `${Math.round(shift.startTime)} ms: ${corners(previousRect)} to ${corners(currentRect)}: ${what.slice(0, 300)}`,
          );
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  page.on("console", (message) => {
    // Remix logs that a newer navigation aborted the response of the one before.
    if (message.text().startsWith("AbortError: BodyStreamBuffer was aborted")) return;
    witness.console.push(`${message.type()}: ${message.text()}`);
  });
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

/** Closes all pages. A route's handler that still runs fails with them; no test waits for it any more. */
export async function closePages(browser: Browser): Promise<void> {
  for (const context of browser.contexts()) {
    for (const routed of [context, ...context.pages()]) {
      await routed.unrouteAll({ behavior: "ignoreErrors" });
    }
    await context.close();
  }
}
