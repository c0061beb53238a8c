import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type Db, poolUse } from "../../db/client.ts";
import { countJobs } from "../../db/jobs.ts";
import { countUnfinished } from "../../db/link-attempts.ts";
import { serverOptions } from "../sockets.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { Log, ObserveLine } from "./log.ts";

/** What the metrics read from a running process. */
export interface Watched {
  db: Db;
  connectDb: Db;
  /** Its open event streams. */
  live: { readonly size: number };
  limits: TimeLimits;
  log: Log;
}

/** A removal that failed this often, over a quarter of an hour, is stuck. */
const stuckAfter = 5;

/** Seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Metrics of this process, for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface Metrics {
  /** Counts the event of a log line, so the log and the metrics cannot disagree. */
  observe: ObserveLine;
  /** Serves `GET /metrics` with the current values. Rejects when the port is taken. */
  listen(
    at: { host: string; port: number },
    watched: Watched,
  ): Promise<{ port: number; close(): Promise<void> }>;
}

/** Labels come from closed lists: route templates, reasons, outcomes, steps, Plaid's paths. */
export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `fiscility_${name}_total`, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name: `fiscility_${name}_seconds`, help, labelNames, buckets, registers });

  const requests = histogram("request", "Answered requests.", ["method", "route", "status"]);
  const refusals = counter("refusals", "Failed calls by reason.", ["reason"]);
  const connections = counter("connections", "Ended connections.", ["outcome", "reason"]);
  const steps = histogram("connect_step", "Steps of a connection.", ["step"]);
  const plaidCalls = histogram("plaid_call", "Calls to Plaid.", ["path", "outcome"]);
  const cacheReads = counter("cache_reads", "Reads of the account cache.", ["result"]);
  const cacheClears = counter("cache_clear_failures", "Caches that could not be cleared.", []);
  const syncs = counter("syncs", "Runs of an Item's sync.", ["outcome"]);
  const unreadable = counter("plaid_unreadable", "Rows of Plaid's that could not be read.", [
    "kind",
  ]);
  const refusedCursors = counter("cursor_refusals", "Cursors that Plaid took no more.", []);
  const removals = counter("removal_failures", "Items that Plaid did not remove when asked.", []);
  const refusedTokens = counter("refused_tokens", "Access tokens that Plaid did not know.", [
    "verdict",
  ]);
  const jobs = counter("job_runs", "Jobs run by this process.", ["task", "outcome"]);

  return {
    observe(line) {
      const { outcome } = line as { outcome: string };
      switch (line.event) {
        case "request": {
          const { method, route, status } = line as Record<string, string>;
          const { ms } = line as { ms: number };
          return requests.observe({ method, route, status }, ms / 1000);
        }
        case "refused":
          return refusals.inc({ reason: line.reason as string });
        case "connection": {
          connections.inc({ outcome, reason: (line.reason as string) ?? "" });
          const durations = Object.entries((line.ms ?? {}) as Record<string, number>);
          for (const [step, ms] of durations) steps.observe({ step }, ms / 1000);
          return;
        }
        case "plaid_call": {
          const { path, ms } = line as { path: string; ms: number };
          return plaidCalls.observe({ path, outcome }, ms / 1000);
        }
        case "cache_read":
          return cacheReads.inc({ result: line.result as string });
        case "cache_not_cleared":
          return cacheClears.inc();
        case "sync":
          return syncs.inc({ outcome });
        case "plaid_unreadable":
          return unreadable.inc({ kind: line.kind as string }, line.count as number);
        case "cursor_refused":
          return refusedCursors.inc();
        case "removal_pending":
          return removals.inc();
        case "token_refused":
          return refusedTokens.inc({ verdict: line.verdict as string });
        case "job":
          return jobs.inc({ task: line.task as string, outcome });
      }
    },
    async listen(at, watched) {
      gaugesOf(watched, registers);
      const server = createServer(serverOptions(watched.limits), async (req, res) => {
        if (req.url !== "/metrics") return res.writeHead(404).end();
        const text = await register.metrics();
        res.writeHead(200, { "content-type": register.contentType }).end(text);
      });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(at.port, at.host, resolve);
      });
      return {
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
  };
}

/** Gauges are read at each scrape. Those from PostgreSQL are the same on every node. */
function gaugesOf(watched: Watched, registers: Registry[]): void {
  const { db, connectDb, live } = watched;
  const gauge = (
    name: string,
    help: string,
    label: string | undefined,
    read: () => Promise<Record<string, number>>,
  ) =>
    new Gauge({
      name: `fiscility_${name}`,
      help,
      labelNames: label ? [label] : [],
      registers,
      async collect() {
        this.reset();
        // An unavailable database has no values; the other gauges are still served.
        const values = await read().catch(() => ({}));
        for (const [value, count] of Object.entries(values)) {
          this.set(label ? { [label]: value } : {}, count);
        }
      },
    });

  gauge("streams", "Open streams of live changes.", undefined, async () => ({ all: live.size }));
  gauge("jobs", "Jobs in the database by state.", "state", () => countJobs(db));
  gauge("unfinished_attempts", "Attempts in the database by state.", "state", () =>
    countUnfinished(db, stuckAfter),
  );
  for (const [name, pool] of Object.entries({ pool: db, connect_pool: connectDb })) {
    gauge(`${name}_connections`, "Connections of this pool by use.", "use", async () => {
      const { open, idle, waiting } = poolUse(pool);
      return { busy: open - idle, idle, waiting };
    });
  }
}
