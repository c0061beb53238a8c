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
} from "./tab.ts";

const driver = findProgram("WebKitWebDriver");
const display = findProgram("Xvfb");

/** Whether this machine has WebKitGTK's browser with its driver, and a display without a screen. */
export const hasWebKit = driver !== null && display !== null;

/** Starts a display without a screen. `env`: the variables for programs that use it. */
export async function startDisplay() {
  if (!display) throw new Error("Xvfb is not installed.");
  const { child, match } = await startProgram(
    display,
    ["-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
    /(\d+)\n/,
  );
  return {
    // Scroll bars that take space, as on Windows.
    env: { DISPLAY: `:${match[1]}`, GDK_BACKEND: "x11", GTK_OVERLAY_SCROLLING: "0" },
    close: () => stopProgram(child),
  };
}

/**
 * Starts WebKitGTK's MiniBrowser through its driver.
 * @see https://www.w3.org/TR/webdriver2/
 */
export async function startWebKit(): Promise<Tab> {
  if (!driver) throw new Error("WebKitWebDriver is not installed.");
  const screen = await startDisplay();
  const port = await freePort();
  const { child } = await startProgram(driver, ["-p", String(port)], null, screen.env);
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
