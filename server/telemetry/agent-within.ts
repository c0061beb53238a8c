import type { Agent } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Returns an agent for `http:` or `https:` whose requests may take `ms` milliseconds in all, each until its response
 * ends. The connection of a later one is destroyed. A timeout of `request` only ends silence.
 */
export async function agentWithin(protocol: string, ms: number): Promise<Agent> {
  // Loaded here, as OpenTelemetry asks, so that its instrumentations come first.
  const module = protocol === "https:" ? await import("node:https") : await import("node:http");
  const timers = new WeakMap<Duplex, NodeJS.Timeout>();
  const start = (socket: Duplex) => {
    clearTimeout(timers.get(socket));
    timers.set(socket, setTimeout(() => socket.destroy(), ms).unref());
  };
  const stop = (socket: Duplex) => clearTimeout(timers.get(socket));

  class AgentWithin extends (module.Agent as typeof Agent) {
    override createConnection(...args: Parameters<Agent["createConnection"]>) {
      const socket = super.createConnection(...args);
      if (socket) {
        start(socket);
        socket.once("close", () => stop(socket));
      }
      return socket;
    }

    override keepSocketAlive(socket: Duplex) {
      stop(socket);
      return super.keepSocketAlive(socket);
    }

    override reuseSocket(...args: Parameters<Agent["reuseSocket"]>) {
      start(args[0]);
      super.reuseSocket(...args);
    }
  }
  return new AgentWithin({ keepAlive: true });
}
