import { type Figure, median, ratio, spread } from "./figure.ts";
import { startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import type { World } from "./world.ts";

/** Users in the tables, each with a session, a bank and an account. */
const sizes = [1_000, 1_000_000];
const rounds = 150;
const warmUp = 30;

/**
 * The time of a connection and of a list as the tables grow, on a database of its own. It alternates with a
 * second one that stays small, so that other load on the machine affects both.
 */
export async function* benchGrowth(world: World): AsyncGenerator<Figure> {
  const sides = {
    small: await startSide(world, "growth_small"),
    large: await startSide(world, "growth_large"),
  };
  try {
    const measured: { size: number; small: Times; large: Times }[] = [];
    let users = 0;
    for (const size of sizes) {
      await fill(sides.large.database.pool, users, size);
      users = size;
      const at = { size, small: noTimes(), large: noTimes() };
      for (let round = 0; round < rounds + warmUp; round++) {
        const order = round % 2 ? (["small", "large"] as const) : (["large", "small"] as const);
        for (const side of order) {
          const [connect, list] = await connectAndList(world, sides[side]);
          if (round < warmUp) continue;
          at[side].connect.push(connect);
          at[side].list.push(list);
        }
      }
      measured.push(at);
    }
    const scans = await scansOfTheList(sides.large.database.pool);
    for (const name of ["connect", "list"] as const) {
      const grown = measured.map(({ size, large, small }) => {
        const times = (median(large[name]) / median(small[name])).toFixed(2);
        return `${size.toLocaleString("en")} users: ${spread(large[name], "ms")}, ${times}x`;
      });
      const last = measured.at(-1);
      yield ratio(
        {
          name: `${name} with 1,000,000 users and accounts in the tables, against nearly empty ones`,
          goal: { atMost: 1.2 },
          note: `over HTTP, ${rounds} each, alternating between two databases; ${grown.join("; ")}. ${name === "list" ? `Scans of the list's plan: ${scans}.` : ""}`,
        },
        last?.large[name] ?? [],
        last?.small[name] ?? [],
        "ms",
      );
    }
  } finally {
    for (const { app, database } of Object.values(sides)) {
      await app.stop();
      await database.close();
    }
  }
}

/** Milliseconds of each. */
interface Times {
  connect: number[];
  list: number[];
}
const noTimes = (): Times => ({ connect: [], list: [] });

type Side = Awaited<ReturnType<typeof startSide>>;

async function startSide(world: World, name: string) {
  const database = await world.database(name);
  const app = await startProcess("app", { ...database.env, PORT: "0", WORKER: "apart" });
  return { database, app };
}

/** For a new user: the time to connect a bank, and of the list after it. */
async function connectAndList(world: World, { database, app }: Side): Promise<[number, number]> {
  const key = await database.key(await database.user());
  const token = await world.publicToken();
  const started = performance.now();
  const refused = await exchange(app.url, key, token);
  if (refused) throw new Error(`a connection was refused: ${refused.reason}`);
  const connected = performance.now();
  await readAccounts(app.url, key);
  return [connected - started, performance.now() - connected];
}

type Pool = World["pool"];

async function fill(pool: Pool, from: number, to: number): Promise<void> {
  // The rows are consistent, so foreign keys need not be checked a million times.
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
