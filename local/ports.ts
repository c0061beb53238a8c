import { createServer } from "node:net";
import { StartRefused } from "./start-refused.ts";

/** Returns a free port of the loopback interface. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Throws `StartRefused` when `port` is taken. The message says so if it is taken by Fiscility. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  if (port === 0 || (await isFree(port))) return;
  const url = `http://localhost:${port}`;
  if (await isFiscility(url)) {
    throw new StartRefused(
      `Fiscility is already running at ${url}. Use that one, or stop it with Ctrl-C in its terminal.`,
    );
  }
  throw new StartRefused(
    `Port ${port} is taken by another program. Stop it, or set ${variable} to another port.`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}

async function isFiscility(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) });
    return ((await response.json()) as { app?: unknown }).app === "fiscility";
  } catch {
    return false;
  }
}
