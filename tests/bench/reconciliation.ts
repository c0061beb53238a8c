import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { reconcile } from "../../server/reconciliation/reconcile.ts";
import { digits, type Figure } from "./figure.ts";
import type { World } from "./world.ts";

/** Users with a bank each. */
const users = 10_000;
const week = 7 * 24 * 60;
/** The lowest limit that Plaid publishes for a call of ours; it publishes none for the User APIs. */
const limit = rateLimits["/user/items/get"]?.perClient ?? 0;

/** The cost of comparing every user's Items with Plaid's list: the first round, and the second. */
export async function* benchReconciliation(world: World): AsyncGenerator<Figure> {
  const database = await world.database("reconciliation");
  const { services, pool } = database;
  const allowed = rateLimits["/user/items/get"];
  // The clock is moved, so that hours pass within a minute.
  rateLimits["/user/items/get"] = { perClient: 1_000_000 };
  try {
    await fill(world, pool);
    let calls = 0;
    const { listItems } = services.plaid.users;
    services.plaid.users.listItems = (...given) => {
      calls += 1;
      return listItems(...given);
    };
    const { log } = services;
    const at = (minute: number) => ({
      ...services,
      clock: { now: () => new Date(Date.now() + minute * 60_000) },
    });
    for (const [name, from] of [
      ["first round", 0],
      ["second round", week],
    ] as const) {
      calls = 0;
      let most = 0;
      let minutes = 0;
      const started = process.cpuUsage();
      for (;;) {
        const before = calls;
        await reconcile(at(from + minutes), log);
        if (calls === before) break;
        most = Math.max(most, calls - before);
        minutes += 1;
      }
      const { user, system } = process.cpuUsage(started);
      const cpu = (user + system) / 1_000_000;
      yield {
        name: `reconciliation of ${users.toLocaleString("en")} users, ${name}: calls a user`,
        goal: { atMost: 1 },
        value: calls / users,
        unit: "",
        note: `${calls} calls in ${minutes} passes, a minute apart`,
      };
      yield {
        name: `the same: calls in the busiest minute, as a share of Plaid's limit`,
        goal: { atMost: 10 },
        value: (most / limit) * 100,
        unit: "%",
        ours: `${most} a minute`,
        floor: `${limit} a minute`,
      };
      yield {
        name: `the same: processor time, of one core`,
        goal: { atMost: 10 },
        value: (cpu / (minutes * 60)) * 100,
        unit: "%",
        ours: `${digits(cpu)} s, ${digits((cpu / users) * 1000)} ms a user`,
        floor: `${minutes} minutes`,
      };
    }
  } finally {
    if (allowed) rateLimits["/user/items/get"] = allowed;
    await database.close();
  }
}

/** Users here and at Plaid, each with an Item that both have. */
async function fill(world: World, pool: World["pool"]): Promise<void> {
  const { rows } = await pool.query(
    `insert into users (name, email, plan)
       select 'b', 'books' || n || '@example.com', 'cfo' from generate_series(1, $1::int) n
     returning id`,
    [users],
  );
  const plaidUsers: { user_id: string }[] = [];
  for (const { id } of rows) {
    const made = (await world.plaid("/user/create", { client_user_id: id })) as { user_id: string };
    await world.plaid("/sandbox/public_token/create", {
      ...{ institution_id: "ins_109508", initial_products: ["transactions"] },
      user_id: made.user_id,
    });
    plaidUsers.push(made);
  }
  const listed = await fetch(`${world.sandboxUrl}/_control/items`);
  const { items } = (await listed.json()) as { items: { item_id: string; user_id: string }[] };
  const itemOf = new Map(items.map(({ item_id, user_id }) => [user_id, item_id]));
  await pool.query(
    `insert into plaid_users (plaid_user_id, user_id, client)
       select * from unnest($1::text[], $2::uuid[]), (select 'sandbox/bench') c`,
    [plaidUsers.map(({ user_id }) => user_id), rows.map(({ id }) => id)],
  );
  await pool.query(
    `with made as (
       select gen_random_uuid() id, user_id, plaid_item_id
         from unnest($1::uuid[], $2::text[]) m (user_id, plaid_item_id)
     ), attempt as (
       insert into link_attempts (id, user_id, public_token_hash, status, plaid_item_id)
         select id, user_id, sha256(id::text::bytea), 'connected', plaid_item_id from made
     )
     insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
       select id, user_id, plaid_item_id, 'b', 'b' from made`,
    [rows.map(({ id }) => id), plaidUsers.map(({ user_id }) => itemOf.get(user_id))],
  );
  await pool.query("vacuum analyze");
}
