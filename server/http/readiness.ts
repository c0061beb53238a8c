/** Milliseconds that a result is reused: far less than the interval of a load balancer's checks. */
const freshFor = 1_000;

/** The state of this process in `/readyz`. Only "ok" is ready. */
export type Readiness = "ok" | "starting" | "migrating" | "database unreachable" | "stopping";

/**
 * Checks PostgreSQL at most once a second, shared by concurrent requests, because anyone may call `/readyz`
 * without logging in.
 *
 * @param pendingMigrations rejects while PostgreSQL is unavailable
 * @param isPrepared whether local mode has created the demo user
 * @param clock in milliseconds
 */
export function createReadiness(
  pendingMigrations: () => Promise<readonly string[]>,
  { stopping, isPrepared }: { stopping: AbortSignal; isPrepared: () => boolean },
  clock: () => number = () => performance.now(),
): () => Promise<Readiness> {
  let asking: Promise<Readiness> | undefined;
  let latest: { readiness: Readiness; until: number } | undefined;
  const check = async () => {
    const readiness = await pendingMigrations().then(
      (pending): Readiness => (pending.length > 0 ? "migrating" : "ok"),
      (): Readiness => "database unreachable",
    );
    latest = { readiness, until: clock() + freshFor };
    asking = undefined;
    return readiness;
  };
  return async () => {
    if (stopping.aborted) return "stopping";
    if (!isPrepared()) return "starting";
    if (latest && clock() < latest.until) return latest.readiness;
    asking ??= check();
    const readiness = await asking;
    return stopping.aborted ? "stopping" : readiness;
  };
}
