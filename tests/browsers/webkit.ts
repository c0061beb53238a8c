import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../local/ports.ts";
import { until } from "../support/until.ts";
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

const driver = findProgram("WebKitWebDriver");
const display = findProgram("Xvfb");
/** The browser that Debian's driver starts. */
const miniBrowser = findProgram("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser");

/** Whether this machine has WebKitGTK's browser with its driver, and a display without a screen. */
export const hasWebKit = driver !== null && display !== null && miniBrowser !== null;

/** Starts a display without a screen. `env`: the variables for a browser that uses it. */
async function startDisplay({ locale = "en-US", timeZone = "UTC", colorScheme }: TabOptions) {
  const { child, match } = await startProgram(
    display ?? "Xvfb",
    ["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
    /(\d+)\n/,
  );
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-webkit-"));
  const name = locale.replace("-", "_");
  // WebKitGTK uses the language of the process, which the C library must know.
  execFileSync("localedef", ["-i", name, "-f", "UTF-8", path.join(folder, `${name}.UTF-8`)]);
  return {
    folder,
    env: {
      DISPLAY: `:${match[1]}`,
      GDK_BACKEND: "x11",
      // A profile of its own.
      XDG_CACHE_HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_DATA_HOME: folder,
      MESA_SHADER_CACHE_DISABLE: "true",
      LOCPATH: folder,
      LC_ALL: `${name}.UTF-8`,
      TZ: timeZone,
      GTK_THEME: colorScheme === "dark" ? "Adwaita:dark" : "Adwaita",
      // Scroll bars that take space, as on Windows.
      GTK_OVERLAY_SCROLLING: "0",
    },
    async close() {
      await stopProgram(child);
      // Processes of the browser may still be writing.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/**
 * Starts WebKitGTK's MiniBrowser through its driver.
 * @see https://www.w3.org/TR/webdriver2/
 */
export async function startWebKit(options: TabOptions = {}): Promise<Tab> {
  const screen = await startDisplay(options);
  const port = await freePort();
  const { child } = await startProgram(driver ?? "", ["-p", String(port)], null, screen.env);
  const send = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  await until(() =>
    send("GET", "/status").then(
      () => true,
      () => false,
    ),
  );
  const { sessionId } = await send("POST", "/session", {
    capabilities: {
      alwaysMatch: { "webkitgtk:browserOptions": { useOverlayScrollbars: false } },
    },
  });
  const call = (command: string, body: object) =>
    send("POST", `/session/${sessionId}/${command}`, body);
  await call("window/rect", { width: 1280, height: 900 });

  const frames = [false, true].map((isFrame) => ({
    async evaluate(run: (argument: never) => unknown, argument?: unknown) {
      const script = `return ${callIn(run, argument)}`;
      if (!isFrame) return JSON.parse(await call("execute/sync", { script, args: [] }));
      await call("frame", { id: 0 });
      try {
        return JSON.parse(await call("execute/sync", { script, args: [] }));
      } finally {
        await call("frame", { id: null });
      }
    },
  }));
  const press = (keys: string[]) =>
    call("actions", { actions: [{ type: "key", id: "keyboard", actions: keyActions(keys) }] });
  return {
    mainFrame: () => frames[0],
    frames: () => frames,
    keyboard: {
      press: (key: string) => press([key]),
      type: (text: string) => press([...text]),
    },
    goto: (url: string) => call("url", { url }),
    async clickAt(x: number, y: number) {
      const actions = clickActions(x, y);
      await call("actions", { actions: [{ type: "pointer", id: "mouse", actions }] });
    },
    async close() {
      await send("DELETE", `/session/${sessionId}`);
      await stopProgram(child);
      await screen.close();
    },
  } as Tab;
}

/**
 * Opens each of these pages without the driver, because pages that it controls do not write what their console
 * shows. One by one, because WebKit slows pages down that are not visible.
 * @param cookies of the pages' site, as a `Cookie` header has them
 * @param loaded resolves when this page is loaded
 * @returns what their consoles show
 */
export async function readWebKitConsole(
  urls: string[],
  cookies: string,
  options: TabOptions,
  loaded: (url: string) => Promise<void>,
): Promise<string[]> {
  const screen = await startDisplay(options);
  const file = path.join(screen.folder, "cookies.txt");
  const host = new URL(urls[0] ?? "").hostname;
  const rows = cookies.split("; ").map((cookie) => {
    const [name, ...value] = cookie.split("=");
    return `${[host, "FALSE", "/", "FALSE", "4102444800", name, value.join("=")].join("\t")}\n`;
  });
  writeFileSync(file, rows.join(""));
  const lines: string[] = [];
  try {
    for (const url of urls) {
      const { child } = await startProgram(
        miniBrowser ?? "",
        ["--enable-write-console-messages-to-stdout=true", `--cookies-file=${file}`, url],
        null,
        screen.env,
      );
      child.stderr?.on("data", (chunk: Buffer) => lines.push(...String(chunk).trim().split("\n")));
      await loaded(url).finally(() => stopProgram(child));
    }
  } finally {
    await screen.close();
  }
  return lines.filter((line) => line.includes("CONSOLE"));
}
