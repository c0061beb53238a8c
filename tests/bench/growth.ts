import { type Figure, median, ratio, spread } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import type { World } from "./world.ts";

/** People in the tables, each with a session, a bank and an account. */
const sizes = [1, 1_000, 1_000_000];
const rounds = 150;
const warmUp = 30;

/** What a connection and a list take as the tables grow, on a database of its own. */
export async function* benchGrowth(world: World): AsyncGenerator<Figure> {
  const database = await world.database("growth");
  const app = await startProcess("app", { ...database.env, PORT: "0", WORKER: "apart" });
  const connects: number[][] = [];
  const lists: number[][] = [];
  try {
    let people = 0;
    for (const size of sizes) {
      await fill(database.pool, people, size);
      people = size;
      const [connect, list] = [[] as number[], [] as number[]];
      for (let round = 0; round < rounds + warmUp; round++) {
        const key = await database.key(await database.user());
        const token = await world.publicToken();
        const started = performance.now();
        const refused = await exchange(app.url, key, token);
        if (refused) throw new Error(`a connection was refused: ${refused.reason}`);
        const connected = performance.now();
        await readAccounts(app.url, key);
        if (round < warmUp) continue;
        connect.push(connected - started);
        list.push(performance.now() - connected);
      }
      connects.push(connect);
      lists.push(list);
    }
    const scans = await scansOfTheList(database.pool);
    for (const [name, times] of [
      ["connect", connects],
      ["list", lists],
    ] as const) {
      const grown = sizes.map((size, at) => {
        const about = `${size.toLocaleString("en")}: ${spread(times[at] ?? [], "ms")}`;
        return `${about}, ${(median(times[at] ?? []) / median(times[0] ?? [])).toFixed(2)}x`;
      });
      yield ratio(
        {
          issue: "C",
          name: `${name} with 1,000,000 people and accounts in the tables, against 1`,
          goal: { atMost: 1.2 },
          note: `over HTTP, ${rounds} each; people: ${grown.join("; ")}. ${name === "list" ? `Scans of the list's plan: ${scans}.` : ""}`,
        },
        times.at(-1) ?? [],
        times[0] ?? [],
        "ms",
      );
    }
  } finally {
    await app.stop();
    await database.close();
  }
}

type Pool = World["pool"];

async function fill(pool: Pool, from: number, to: number): Promise<void> {
  // What it fills is whole: nothing has to be looked up for it a million times.
  await pool.query("set session_replication_role = replica");
  await pool.query(
    `with made as (
       insert into users (name, email, plan)
       select 'b', 'many' || n || '@example.com', 'cfo'
         from generate_series($1::int + 1, $2::int) n returning id
     ), session as (
       insert into sessions (user_id, token, expires_at)
       select id, id::text, now() + interval '7 days' from made
     ), item as (
       insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
       select gen_random_uuid(), id, id::text, 'b', 'b' from made returning id, user_id
     ), sync as (
       insert into item_syncs (item_id, user_id, status) select id, user_id, 'done' from item
     )
     insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
     select id, user_id, id::text, 0, 'b', 'depository' from item`,
    [from, to],
  );
  await pool.query("reset session_replication_role");
  await pool.query("vacuum analyze");
  await pool.query("checkpoint");
}

async function scansOfTheList(pool: Pool): Promise<string> {
  const { rows: some } = await pool.query("select user_id from items limit 1");
  const { rows } = await pool.query(
    `explain select * from items join accounts on accounts.item_id = items.id
      where items.user_id = $1 and accounts.user_id = $1`,
    [some[0].user_id],
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  return [...plan.matchAll(/\w+ (?:Only )?Scan(?: using \w+)?/g)].join(", ");
}
