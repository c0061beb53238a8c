import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { prepareDatabase } from "../../server/prepare-database.ts";
import { awaitLater } from "../support/await-later.ts";
import { startRedis } from "../support/redis.ts";
import { choices } from "./choices.ts";
import { type ConnectsOutcome, startConnects } from "./start-connects.ts";

export interface Chaos {
  connects: number;
  nodes: number;
  seed: number;
  /** A node, with its workers, is paused for 1 to so many seconds; 0 for no pauses. */
  longestPause: number;
  /** The nodes take jobs too, and Plaid has webhooks and new transactions for them. */
  takeJobs: boolean;
}

export interface Outcome extends ConnectsOutcome {
  restarts: number;
  /** Nodes, each with its workers, that were stopped by SIGSTOP and continued. */
  pauses: number;
  /** How often Redis stopped or hung, and was started again. */
  redisOutages: number;
  seconds: number;
}

/** The steps after which a node may be killed: of `connectAccount`, of failed attempts, and of a sync. */
const steps = [
  "attempt",
  "lock",
  "mark",
  "exchange",
  "save",
  "accounts",
  "insert",
  "commit",
  "ended",
  "begun",
  "fetched",
  "kept",
  "finished",
];

/**
 * Connects banks at several app processes while everything that can fail does: Plaid's responses, the
 * processes (SIGKILL at a named step, SIGSTOP and SIGCONT), PostgreSQL (stopped and started), Redis
 * (killed, hanging, back and empty). Then one recovery, a reconciliation, and the comparison with the
 * sandbox's own books. Each kind of fault and each connection has its own random numbers from the seed. Touches
 * only its own processes.
 */
export async function runChaos({
  connects,
  nodes,
  seed,
  longestPause,
  takeJobs,
}: Chaos): Promise<Outcome> {
  const started = performance.now();
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-chaos-"));
  const database = await startEmbeddedDatabase(path.join(folder, "postgres"), "chaos", [
    "max_connections=300",
  ]);
  await database.create("chaos");
  const databaseUrl = database.urlOf("chaos");
  await prepareDatabase(databaseUrl);
  let redis = await startRedis();
  const env = { REDIS_URL: redis.url };
  const running = await startConnects({
    ...{ connects, nodes, seed, databaseUrl, env },
    plaidFails: true,
    takeJobs,
  });

  let restarts = 0;
  let redisOutages = 0;
  const injuries = choices(seed, "injuries");
  /** Stops or hangs Redis, or starts an empty one. */
  let away: "stopped" | "hanging" | null = null;
  const injureRedis = async () => {
    if (away === null) {
      redisOutages += 1;
      away = injuries.pick(["stopped", "hanging"] as const);
      if (away === "stopped") await redis.stop();
      else redis.hang();
    } else {
      if (away === "stopped") redis = await startRedis(redis.port);
      else redis.go();
      away = null;
    }
  };
  const sleeping = choices(seed, "pauses");
  let pauses = 0;
  let paused: Promise<void> | null = null;
  /** One node at a time, so that the others go on beside it. */
  const pauseNode = async () => {
    pauses += 1;
    const { process: node } = sleeping.pick(running.alive);
    const seconds = 1 + sleeping.random() * (longestPause - 1);
    node.kill("SIGSTOP");
    await pause(seconds * 1000);
    node.kill("SIGCONT");
    paused = null;
  };
  let restarting: Promise<void> = Promise.resolve();
  let injuring: Promise<void> = Promise.resolve();
  let isOver = false;
  try {
    await running.run(async (begun) => {
      if (isOver) return;
      const everyNth = (n: number) => begun % n === 0;
      // A paused node receives it when it wakes up.
      if (everyNth(60))
        void injuries
          .pick(running.alive)
          .dieAfter(injuries.pick(steps))
          .catch(() => {});
      if (everyNth(Math.min(500, Math.max(100, Math.floor(connects / 4))))) {
        restarts += 1;
        restarting = awaitLater(
          restarting.then(() => database.stop()).then(() => database.start()),
        );
      }
      if (everyNth(40)) injuring = awaitLater(injuring.then(injureRedis));
      if (longestPause > 0 && everyNth(25)) paused ??= awaitLater(pauseNode());
    });
    await Promise.all([restarting, injuring, paused]);
    const outcome = await running.settle();
    const seconds = (performance.now() - started) / 1000;
    return { ...outcome, restarts, pauses, redisOutages, seconds };
  } finally {
    isOver = true;
    await Promise.allSettled([restarting, injuring, paused]);
    await running.close();
    await redis.stop();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
