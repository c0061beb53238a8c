import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerBuild } from "@remix-run/node";
import type { Config } from "./config.ts";
import { createHttp } from "./http/create-http.ts";
import { createServices, type ServiceOptions, type Services } from "./services.ts";
import { limitSockets, maxSockets, openFilesLimit, serverOptions } from "./sockets.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";

/** A running server. */
export interface RunningServer {
  url: string;
  services: Services;
  /**
   * Finishes open requests and accepts no more, in an order that loses none: `/readyz` fails and every
   * response closes its connection. After `config.drain`, when load balancers know, nothing is accepted any
   * more and streams end, so that their clients reconnect elsewhere. Bounded by `limits.shutdown`.
   */
  drain(): Promise<void>;
  /** Drains, then closes everything. */
  close(): Promise<void>;
}

/**
 * Starts the server on `config.port` (0: any free one) of `config.host`. `/readyz` is not ok until
 * `isPrepared` returns true. Rejects with EADDRINUSE when the port is taken.
 */
export async function startServer(
  config: Config,
  { isPrepared = () => true, ...options }: ServiceOptions & { isPrepared?: () => boolean } = {},
): Promise<RunningServer> {
  // A cast, because the build does not exist when types are checked.
  const build: ServerBuild = await import("../build/server/index.js" as string);
  const telemetry = await startTelemetry(config);
  const { services, close } = createServices(config, { observe: telemetry.observe, ...options });
  const letGo = async () => {
    await close();
    await telemetry.close();
  };
  const stopping = new AbortController();
  const app = createHttp(services, build, { stopping: stopping.signal, isPrepared });
  const open = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const server = createServer(serverOptions(services.limits), (req, res) => {
    // A request that was sent before the end of the response to the one before it, which no browser and no HTTP
    // library does by default. Node does not notify its response when the client leaves.
    if (!res.socket) {
      services.log.warn({ event: "pipelined" }, "A pipelined request was refused");
      return void req.socket.destroy();
    }
    if (stopping.signal.aborted) res.setHeader("connection", "close");
    open.add(res);
    res.once("close", () => open.delete(res));
    app(req, res);
  });
  limitSockets(
    server,
    maxSockets(openFilesLimit(), services.quotas.sockets),
    services.limits.stalled,
    services.log,
  );
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    // Linux's maximum: Node's own 511 are full when one client opens a thousand connections at once.
    server
      .once("error", reject)
      .listen({ port: config.port, host: config.host, backlog: 4_096 }, resolve);
  }).catch(async (error: unknown) => {
    await letGo();
    throw error;
  });

  async function drain(): Promise<void> {
    stopping.abort();
    for (const res of open) if (!res.headersSent) res.setHeader("connection", "close");
    await sleep(config.drain);
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    await services.live.close();
    // A connection whose response or stream ends from here on is idle and can be closed.
    const idle = setInterval(() => {
      server.closeIdleConnections();
      // To Node a connection is idle only after its first request. Browsers open some in advance.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, 50);
    const cut = setTimeout(() => server.closeAllConnections(), services.limits.shutdown);
    await ended;
    clearTimeout(cut);
    clearInterval(idle);
  }

  let drained: Promise<void> | undefined;
  const running: RunningServer = {
    url: config.production
      ? config.appUrl
      : `http://localhost:${(server.address() as AddressInfo).port}`,
    services,
    drain() {
      drained ??= drain();
      return drained;
    },
    async close() {
      await running.drain();
      await letGo();
    },
  };
  try {
    await telemetry.watch(services);
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}
