import { setTimeout as pause } from "node:timers/promises";
import { requestSyncs } from "../../db/jobs.ts";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { amount, type Figure, ratio, timed } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import type { World } from "./world.ts";

const items = 600;
const rounds = 3;
/** The time of each call to Plaid, in milliseconds. */
const latency = 500;

/** How many Items one worker process keeps up to date while Plaid takes its time, and on how many connections. */
export async function* benchSyncJobs(world: World): AsyncGenerator<Figure> {
  const database = await world.database("jobs");
  const { services, pool, env, user, close } = database;
  let most = 0;
  let left = items;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) {
        const input = { publicToken: await world.publicToken("Account") };
        await connectAccount(services, { id: await user() }, input, services.log);
      }
    }),
  );
  const { rows } = await pool.query('select user_id "userId", id "itemId" from items');
  const syncsLeft = async () => {
    const { rows: found } = await pool.query(
      `select count(*)::int left,
         (select count(*)::int from pg_stat_activity where application_name = 'bench') open
       from graphile_worker.jobs where task_identifier = 'sync_item'`,
    );
    most = Math.max(most, found[0].open);
    return found[0].left as number;
  };
  const worker = await startProcess("worker", {
    ...env,
    DATABASE_URL: `${env.DATABASE_URL}?application_name=bench`,
  });
  const rates: number[] = [];
  let outage: Figure[] = [];
  try {
    // Wait for every first sync and the other jobs of a connection.
    while ((await syncsLeft()) > 0) await pause(100);
    await world.control("settings", { latency_ms: latency });
    for (let round = 0; round < rounds; round++) {
      await requestSyncs(services.db, rows);
      const started = performance.now();
      while ((await syncsLeft()) > 0) await pause(50);
      rates.push(items / ((performance.now() - started) / 1000));
    }
    outage = await benchOutage(world, database, { rows, syncsLeft });
  } finally {
    await world.control("settings", { latency_ms: 0 });
    await worker.stop();
    await close();
  }
  const note = `${rounds} times ${items} Items, each call to Plaid takes ${latency} ms, without our count of Plaid's limits.`;
  yield amount(
    { name: "Items that one worker syncs", goal: { atLeast: 100 }, note },
    rates,
    "a second",
  );
  yield amount(
    { name: "its connections to PostgreSQL, at most", goal: { atMost: 10 } },
    [most],
    "",
  );
  yield* outage;
}

/** How long the bank's transactions cannot be fetched, and how often somebody connects meanwhile. Milliseconds. */
const outageMs = 10_000;
const connectEvery = 500;

/**
 * The backlog of an outage: every sync fails for a while, then all of them are due. Users connect and read all the
 * time, before it as well.
 */
async function benchOutage(
  world: World,
  { env, services, user, key }: Awaited<ReturnType<World["database"]>>,
  syncs: { rows: { userId: string; itemId: string }[]; syncsLeft: () => Promise<number> },
): Promise<Figure[]> {
  const { rows, syncsLeft } = syncs;
  const app = await startProcess("app", { ...env, PORT: "0", WORKER: "apart" });
  const reader = await key(await user());
  /** Connects and reads until `end`. */
  const use = async (end: Promise<unknown>) => {
    const times = { connects: [] as number[], reads: [] as number[] };
    let ended = false;
    const watch = end.finally(() => {
      ended = true;
    });
    const connects = async () => {
      while (!ended) {
        const [own, token] = [await key(await user()), await world.publicToken("Account")];
        const started = performance.now();
        const refused = await exchange(app.url, own, token);
        if (refused) throw new Error(`a connection was refused: ${refused.reason}`);
        times.connects.push(performance.now() - started);
        await pause(connectEvery);
      }
    };
    const reads = async () => {
      while (!ended) {
        times.reads.push(await timed(() => readAccounts(app.url, reader)));
        await pause(120);
      }
    };
    await Promise.all([connects(), reads(), watch]);
    return times;
  };
  try {
    await use(pause(5_000));
    const alone = await use(pause(15_000));
    const failing = {
      path: "/transactions/sync",
      probability: 1,
      do: { error: "INTERNAL_SERVER_ERROR" },
    };
    await world.control("faults", { faults: [failing] });
    await requestSyncs(services.db, rows);
    await pause(outageMs);
    await world.endFaults();
    const started = performance.now();
    const drained = (async () => {
      while ((await syncsLeft()) > 0) await pause(100);
    })();
    const beside = await use(drained);
    const seconds = (performance.now() - started) / 1000;
    const note = `Plaid fails for ${outageMs / 1000} s, each call takes ${latency} ms; ${rows.length} syncs are behind then, and all are done ${seconds.toFixed(0)} s later.`;
    const name = (what: string) =>
      `${what} beside the backlog of an outage of Plaid, against alone`;
    return [
      ratio(
        { name: name("a connection"), goal: { atMost: 1.5 }, note },
        beside.connects,
        alone.connects,
        "ms",
      ),
      ratio(
        { name: name("`accounts.list`"), goal: { atMost: 1.5 }, note },
        beside.reads,
        alone.reads,
        "ms",
      ),
    ];
  } finally {
    await app.stop();
  }
}
