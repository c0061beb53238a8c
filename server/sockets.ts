import type { Server, ServerOptions } from "node:http";
import type { Log } from "./telemetry/log.ts";
import type { TimeLimits } from "./time-limits.ts";

/**
 * Options for `http.createServer`: a request whose header or body does not arrive in time gets a 408, and its
 * connection is closed, whatever its path or stated length.
 */
export const serverOptions = (limits: TimeLimits): ServerOptions => ({
  headersTimeout: limits.requestHeader,
  requestTimeout: limits.request,
  connectionsCheckingInterval: limits.requestCheck,
  keepAliveTimeout: limits.keepAlive,
});

/**
 * Limits a server's sockets: at most `max` at once, beyond which new ones are closed immediately. A socket is
 * closed when no byte moves on it for `stalled` milliseconds. Event streams send pings more often than that.
 */
export function limitSockets(server: Server, max: number, stalled: number, log: Log): void {
  server.timeout = stalled;
  server.maxConnections = max;
  let reportedAt = Number.NEGATIVE_INFINITY;
  server.on("drop", () => {
    // One log line a minute, because this is a flood.
    if (performance.now() - reportedAt < 60_000) return;
    reportedAt = performance.now();
    log.warn({ event: "sockets_full", max }, "No more sockets are accepted");
  });
}

/**
 * Returns how many sockets a process may accept with this limit of open files: a fifth of the files, and at
 * least 50, are left for the database, Redis, Plaid and the disk. At most `most`.
 */
export function maxSockets(openFiles: number, most: number): number {
  if (!Number.isFinite(openFiles)) return most;
  const left = Math.max(50, Math.ceil(openFiles / 5));
  return Math.min(most, Math.max(1, openFiles - left));
}

/** Returns how many files this process may open; Infinity when unknown. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft: number | "unlimited" } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}
