import type { Config } from "../config.ts";
import type { ObserveLine } from "./log.ts";
import type { Watched } from "./metrics.ts";

/** The process's telemetry besides its log. Off, and not even loaded, unless configured. */
export interface Telemetry {
  /** Receives the log's lines; undefined without metrics. */
  observe: ObserveLine | undefined;
  /** Opens `/metrics`. Rejects when its port is taken. */
  watch(watched: Watched): Promise<void>;
  /** Sends the remaining spans, and stops both. */
  close(): Promise<void>;
}

/** Starts traces if a collector is configured, and metrics if a port is. */
export async function startTelemetry({ metrics: at, tracesTo }: Config): Promise<Telemetry> {
  const closers: (() => Promise<void>)[] = [];
  if (tracesTo) {
    const { startTraces } = await import("./traces.ts");
    closers.push(startTraces(tracesTo).close);
  }
  const metrics = at && (await import("./metrics.ts")).createMetrics();
  return {
    observe: metrics?.observe,
    async watch(watched) {
      if (!at || !metrics) return;
      const { port, close } = await metrics.listen(at, watched);
      closers.push(close);
      watched.log.info({ event: "metrics", host: at.host, port }, "Metrics are served");
    },
    async close() {
      for (const close of closers) await close();
    },
  };
}
