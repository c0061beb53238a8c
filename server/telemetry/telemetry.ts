import type { Config } from "../config.ts";
import type { ObserveLine } from "./log.ts";
import type { Watched } from "./metrics.ts";

/** What the process tells of itself beside its log: off, and not even loaded, unless configured. */
export interface Telemetry {
  /** What the log tells its lines to; undefined without metrics. */
  observe: ObserveLine | undefined;
  /** Opens `/metrics`. Rejects when its port is taken. */
  watch(watched: Watched): Promise<void>;
  /** Sends what is not sent yet, and ends both. */
  close(): Promise<void>;
}

/** Starts traces where a collector is named, and metrics where a port is. */
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
