import { setTimeout as pause } from "node:timers/promises";
import { requestSyncs } from "../../db/jobs.ts";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { amount, type Figure } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import type { World } from "./world.ts";

const items = 600;
const rounds = 3;
/** The time of each call to Plaid, in milliseconds. */
const latency = 500;

/** How many Items one worker process keeps up to date while Plaid takes its time, and on how many connections. */
export async function* benchSyncJobs(world: World): AsyncGenerator<Figure> {
  const { services, pool, env, user, close } = await world.database("jobs");
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
  } finally {
    await world.control("settings", { latency_ms: 0 });
    await worker.stop();
    await close();
  }
  const note = `${rounds} times ${items} Items, each call to Plaid takes ${latency} ms, without our count of Plaid's limits.`;
  yield amount(
    { issue: "R", name: "Items that one worker syncs", goal: { atLeast: 100 }, note },
    rates,
    "a second",
  );
  yield amount(
    { issue: "R", name: "its connections to PostgreSQL, at most", goal: { atMost: 10 } },
    [most],
    "",
  );
}
