import type { Browser, Page } from "playwright-core";

export { launchBrowser } from "../../sandbox/tests/support/browser.ts";

/** As the Chromium with a window says it. */
const ordinaryUserAgent = (browser: Browser) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version().split(".")[0]}.0.0.0 Safari/537.36`;

interface Shifted {
  shifted: number;
  shifts: string[];
}

/** What a page did beside what it shows: tests assert that there was nothing. */
export interface Witness {
  page: Page;
  console: string[];
  pageLoads: string[];
  foreignHosts: string[];
  /** How far things have moved under the person's eyes since the page was loaded; 0: nothing has. */
  layoutShift(): Promise<number>;
  /** What has moved, from where to where, for a test that says that nothing may. */
  layoutShifts(): Promise<string[]>;
}

interface LayoutShift extends PerformanceEntry {
  value: number;
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
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
    layoutShift: () => page.evaluate(() => (window as unknown as Shifted).shifted),
    layoutShifts: () => page.evaluate(() => (window as unknown as Shifted).shifts),
  };
  // Where tsx runs this, it wraps functions that have a name in a helper which no page has.
  await page.addInitScript("globalThis.__name ??= (named) => named");
  await page.addInitScript(() => {
    const seen: Shifted = Object.assign(window, { shifted: 0, shifts: [] });
    const corners = ({ x, y, width, height }: DOMRect) =>
      [x, y, width, height].map(Math.round).join(" ");
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries() as LayoutShift[]) {
        seen.shifted += shift.value;
        for (const { node, previousRect, currentRect } of shift.sources) {
          const what = node instanceof Element ? node.outerHTML : (node?.textContent ?? "gone");
          seen.shifts.push(
            `${Math.round(shift.startTime)} ms: ${corners(previousRect)} to ${corners(currentRect)}: ${what.slice(0, 300)}`,
          );
        }
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
