import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerBuild } from "@remix-run/node";
import type { Config } from "./config.ts";
import { createHttp } from "./http.ts";
import { createServices, type Services } from "./services.ts";
import type { Log } from "./telemetry/log.ts";
import { timeLimits } from "./time-limits.ts";

/** A running app. `close` answers what is open, then lets go of everything; it is bounded. */
export interface RunningServer {
  url: string;
  services: Services;
  close(): Promise<void>;
}

const buildFile = path.join(import.meta.dirname, "../build/server/index.js");

/** Starts the app on `config.port` (0: any free one). Rejects with EADDRINUSE when it is taken. */
export async function startServer(config: Config, log?: Log): Promise<RunningServer> {
  const build = (await import(pathToFileURL(buildFile).href)) as ServerBuild;
  const { services, close } = createServices(config, log);
  const app = createHttp(services, build);
  const server = await new Promise<ReturnType<typeof app.listen>>((resolve, reject) => {
    const listening = app.listen(config.port, () => resolve(listening));
    listening.once("error", reject);
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: config.production ? config.appUrl : `http://localhost:${port}`,
    services,
    async close() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      await services.live.close();
      // A connection whose answer or stream ends from here on is idle, and nobody waits for it.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const cut = setTimeout(() => server.closeAllConnections(), timeLimits.shutdown);
      await ended;
      clearTimeout(cut);
      clearInterval(idle);
      await close();
    },
  };
}
