import type { Server, ServerOptions } from "node:http";
import type { Log } from "./telemetry/log.ts";
import type { TimeLimits } from "./time-limits.ts";

/**
 * For `http.createServer`: a request that does not arrive, header or body, in time is answered 408 and
 * its connection closed, whatever its path and however it says its length.
 */
export const serverOptions = (limits: TimeLimits): ServerOptions => ({
  headersTimeout: limits.requestHeader,
  requestTimeout: limits.request,
  connectionsCheckingInterval: limits.requestCheck,
  keepAliveTimeout: limits.keepAlive,
});

/**
 * Bounds a server's sockets: `max` at once, past which the kernel's new ones are closed at once, and
 * each closed when nothing moves on it for `stalled` milliseconds. Event streams say that they are there more often than that.
 */
export function limitSockets(server: Server, max: number, stalled: number, log: Log): void {
  server.timeout = stalled;
  server.maxConnections = max;
  let told = Number.NEGATIVE_INFINITY;
  server.on("drop", () => {
    // One line a minute, as this is a flood.
    if (performance.now() - told < 60_000) return;
    told = performance.now();
    log.warn({ event: "sockets_full", max }, "No more sockets are accepted");
  });
}

/**
 * Sockets that a process with so many open files may accept: a fifth of the files, and 50 at least, are
 * left for the database, Redis, Plaid and the disk. `most` where it may open more.
 */
export function maxSockets(openFiles: number, most: number): number {
  if (!Number.isFinite(openFiles)) return most;
  const left = Math.max(50, Math.ceil(openFiles / 5));
  return Math.min(most, Math.max(1, openFiles - left));
}

/** How many files this process may have open; Infinity where the system does not say. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft: number | "unlimited" } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}
