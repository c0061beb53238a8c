/** Milliseconds that a finding is told on: far less than a balancer's interval between two checks. */
const freshFor = 1_000;

/** What `/readyz` says of this process; it is ready at "ok". */
export type Readiness = "ok" | "starting" | "migrating" | "database unreachable" | "stopping";

/**
 * Asks PostgreSQL whether the process is ready at most once a second, and once for all who ask at the same time:
 * anybody may ask, without logging in. `isPrepared`: what local mode makes, the demo user, is there. `pendingMigrations` rejects while PostgreSQL is away; `clock` is in
 * milliseconds.
 */
export function createReadiness(
  pendingMigrations: () => Promise<readonly string[]>,
  { stopping, isPrepared }: { stopping: AbortSignal; isPrepared: () => boolean },
  clock: () => number = () => performance.now(),
): () => Promise<Readiness> {
  let asking: Promise<Readiness> | undefined;
  let latest: { readiness: Readiness; until: number } | undefined;
  const ask = async () => {
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
    asking ??= ask();
    const readiness = await asking;
    return stopping.aborted ? "stopping" : readiness;
  };
}
