import { setTimeout as pause } from "node:timers/promises";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { awaitLater } from "../support/await-later.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";
import { startReplicatedDatabase } from "../support/replicated-database.ts";
import { choices } from "./choices.ts";
import { type ConnectsOutcome, startConnects } from "./start-connects.ts";

export interface Failover {
  connects: number;
  nodes: number;
  seed: number;
  /** PgBouncer in transaction mode between the nodes and the address of the primary. */
  isPooled: boolean;
  /** Seconds for which the primary is frozen before it is killed; 0 for none. */
  frozen: number;
  /** False: the standby lags, so commits are lost. Such a run shows that the books detect a loss. */
  isSynchronous?: boolean;
}

/**
 * Connects banks while the primary PostgreSQL dies, with all of its processes and at a moment of the seed, and
 * its synchronous standby takes its place and its address. Then one recovery, a reconciliation, and the
 * comparison with the sandbox's own books. Plaid works as it should, so whatever fails is PostgreSQL's.
 */
export async function runFailover(
  options: Failover,
): Promise<ConnectsOutcome & { seconds: number }> {
  const { connects, nodes, seed, isPooled, frozen, isSynchronous = true } = options;
  const started = performance.now();
  const database = await startReplicatedDatabase("failover", prepareDatabase, { isSynchronous });
  const parts: { close(): Promise<void> }[] = [{ close: () => database.stop() }];
  let failing: Promise<void> = Promise.resolve();
  let isOver = false;
  try {
    const pooled = new URL(database.url);
    if (isPooled) {
      // As PgBouncer comes: fewer would wait for the transactions that connect, and not for the failover.
      const pooler = await startPgBouncer(database.url, 20);
      parts.push({ close: () => pooler.stop() });
      pooled.port = String(pooler.port);
    }
    const running = await startConnects({
      ...{ connects, nodes, seed, databaseUrl: database.url },
      env: { DATABASE_URL: pooled.href, DATABASE_DIRECT_URL: database.url },
      plaidFails: false,
      takeJobs: true,
    });
    parts.push(running);
    const { random } = choices(seed, "failover");
    const freezes = Math.ceil(connects * (0.1 + 0.2 * random()));
    const dies = Math.ceil(connects * (0.4 + 0.3 * random()));
    // At any moment of a connection, not only at its start.
    const later = random() * 100;
    await running.run((begun) => {
      if (isOver) return;
      if (frozen > 0 && begun === freezes) {
        failing = awaitLater(failing.then(() => database.freeze(frozen * 1000)));
      }
      if (begun === dies) {
        failing = awaitLater(failing.then(() => pause(later)).then(() => database.failOver()));
      }
    });
    await failing;
    const outcome = await running.settle();
    return { ...outcome, seconds: (performance.now() - started) / 1000 };
  } finally {
    isOver = true;
    await Promise.allSettled([failing]);
    for (const part of parts.reverse()) await part.close();
  }
}
