import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  callIn,
  clickActions,
  findProgram,
  keyActions,
  startProgram,
  stopProgram,
  type Tab,
  type TabOptions,
} from "./tab.ts";

/** Firefox of this machine, or null. */
export const firefox = findProgram("firefox-esr", "firefox");

/** The tab, and what the browser's console has shown in it: warnings and errors. */
export interface FirefoxTab extends Tab {
  console: string[];
}

/**
 * Starts Firefox without a window, and with a profile of its own.
 * @see https://w3c.github.io/webdriver-bidi/
 */
export async function startFirefox(options: TabOptions = {}): Promise<FirefoxTab> {
  if (!firefox) throw new Error("Firefox is not installed.");
  const profile = mkdtempSync(path.join(tmpdir(), "fiscility-firefox-"));
  const preferences = {
    // Scroll bars that take space, as on Windows.
    "widget.gtk.overlay-scrollbars.enabled": false,
    "ui.prefersReducedMotion": 1,
    "ui.systemUsesDarkTheme": options.colorScheme === "dark" ? 1 : 0,
    "intl.accept_languages": options.locale ?? "en-US",
    // No request to Mozilla.
    "app.normandy.enabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "services.settings.server": "data:,",
  };
  writeFileSync(
    path.join(profile, "user.js"),
    Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
      .join(""),
  );
  // With a page to begin with: else the address bar has the focus, and BiDi's clicks and keys do not take it.
  const { child, match } = await startProgram(
    firefox,
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "data:,"],
    /WebDriver BiDi listening on (\S+)/,
  );
  const bidi = await connect(`${match[1]}/session`);
  await bidi.send("session.new", { capabilities: {} });
  await bidi.send("session.subscribe", { events: ["log.entryAdded"] });
  const [first] = (await bidi.send("browsingContext.getTree", {})).contexts;
  const context: string = first.context;
  await bidi.send("browsingContext.setViewport", {
    context,
    viewport: { width: 1280, height: 900 },
  });
  const contexts = [context];
  if (options.locale) {
    await bidi.send("emulation.setLocaleOverride", { contexts, locale: options.locale });
  }
  if (options.timeZone) {
    await bidi.send("emulation.setTimezoneOverride", { contexts, timezone: options.timeZone });
  }

  /** The context of the first frame in the page. */
  async function frameContext(): Promise<string> {
    const [page] = (await bidi.send("browsingContext.getTree", { root: context })).contexts;
    if (!page.children[0]) throw new Error("The page has no frame.");
    return page.children[0].context;
  }
  async function evaluate(target: string, expression: string) {
    const { type, result, exceptionDetails } = await bidi.send("script.evaluate", {
      expression,
      target: { context: target },
      awaitPromise: true,
    });
    if (type === "exception") throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }
  const frames = [async () => context, frameContext].map((target) => ({
    evaluate: async (run: (argument: never) => unknown, argument?: unknown) =>
      evaluate(await target(), callIn(run, argument)),
  }));
  /** BiDi's keys go to the context that is named, and a user's to the frame that has the focus. */
  async function press(keys: string[]) {
    const isInFrame = await frames[0]?.evaluate(() => document.activeElement?.tagName === "IFRAME");
    await bidi.send("input.performActions", {
      context: isInFrame ? await frameContext() : context,
      actions: [{ type: "key", id: "keyboard", actions: keyActions(keys) }],
    });
  }
  return {
    console: bidi.console,
    mainFrame: () => frames[0],
    frames: () => frames,
    keyboard: {
      press: (key: string) => press([key]),
      type: (text: string) => press([...text]),
    },
    async goto(url: string) {
      await bidi.send("browsingContext.navigate", { context, url, wait: "complete" });
    },
    async clickAt(x: number, y: number) {
      const actions = clickActions(x, y);
      await bidi.send("input.performActions", {
        context,
        actions: [{ type: "pointer", id: "mouse", actions }],
      });
    },
    async close() {
      bidi.close();
      await stopProgram(child);
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  } as FirefoxTab;
}

/** Connects to BiDi. `console`: the warnings and errors of all pages. */
async function connect(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const console: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: each command has results of its own.
  const waiting = new Map<number, { resolve: (result: any) => void; reject: (e: Error) => void }>();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "event") {
      const { level, text } = message.params;
      if (level === "warn" || level === "error") console.push(`${level}: ${text}`);
      return;
    }
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === "success") waiter?.resolve(message.result);
    else waiter?.reject(new Error(`${message.error}: ${message.message}`));
  };
  let lastId = 0;
  return {
    console,
    // biome-ignore lint/suspicious/noExplicitAny: each command has results of its own.
    send(method: string, params: object): Promise<any> {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      });
    },
    close: () => socket.close(),
  };
}
