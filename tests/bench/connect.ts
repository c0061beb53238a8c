import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { type Figure, ratio, timed } from "./figure.ts";
import type { World } from "./world.ts";

const warmUp = 50;

/** `connectAccount` less the time at Plaid, against a bare transaction that inserts the same rows. */
export async function* benchConnect(world: World): AsyncGenerator<Figure> {
  yield* measure(world, { delay: 0, rounds: 300, atMost: 1.7 });
  await world.control("settings", { latency_ms: 100 });
  try {
    yield* measure(world, { delay: 100, rounds: 80, atMost: 1.25 });
  } finally {
    await world.control("settings", { latency_ms: 0 });
  }
}

/** `delay`: how long the local Plaid waits before each response, in milliseconds. */
async function* measure(
  world: World,
  { delay, rounds, atMost }: { delay: number; rounds: number; atMost: number },
): AsyncGenerator<Figure> {
  const { services, pool } = world;
  const plaid = new TimeAtPlaid(services.plaid);
  const ours: number[] = [];
  const bare: number[] = [];
  const durable: number[] = [];
  for (let round = 0; round < rounds + (delay === 0 ? warmUp : 0); round++) {
    const [id, bareId, durableId, publicToken] = [
      await world.user(),
      await world.user(),
      await world.user(),
      await world.publicToken(),
    ];
    plaid.ms = 0;
    const started = performance.now();
    const { accounts } = await connectAccount(services, { id }, { publicToken }, services.log);
    const own = performance.now() - started - plaid.ms;
    const rows = { accounts: accounts.length, delay };
    const floor = await bareTransaction(pool, bareId, { ...rows, commits: "one" });
    const steps = await bareTransaction(pool, durableId, { ...rows, commits: "three" });
    if (delay === 0 && round < warmUp) continue;
    ours.push(own);
    bare.push(floor);
    durable.push(steps);
  }
  plaid.stop();
  const note = `${rounds} of each, alternating. Plaid's time is the time during which a call to it is in progress.`;
  yield ratio(
    {
      name: `\`connectAccount\` less Plaid's time (${delay} ms a call), against a bare transaction of the same inserts`,
      goal: { atMost },
      bound:
        "what the floor does not do: reads and locks of the Link, the plan, the known accounts and other Items with the same id, the checks of Plaid's responses, and the HTTP client's own work. The two commits before it, the attempt's and the token's (I1), cost 1.2 ms at most, as the next figure shows.",
      note,
    },
    ours,
    bare,
    "ms",
  );
  yield ratio(
    {
      name: `the same (${delay} ms a call), against that transaction with those two commits before it`,
      goal: null,
      note: `${note} The attempt is committed before the first call and its token after it, as I1 needs it.`,
    },
    ours,
    durable,
    "ms",
  );
}

/** Milliseconds during which at least one call to Plaid is in progress. */
class TimeAtPlaid {
  ms = 0;
  readonly stop: () => void;
  #underWay = 0;
  #since = 0;

  constructor(plaid: World["services"]["plaid"]) {
    const { exchangePublicToken, getAccounts } = plaid;
    const around =
      <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
      async (...args: Args) => {
        if (this.#underWay++ === 0) this.#since = performance.now();
        try {
          return await call(...args);
        } finally {
          if (--this.#underWay === 0) this.ms += performance.now() - this.#since;
        }
      };
    plaid.exchangePublicToken = around(exchangePublicToken);
    plaid.getAccounts = around(getAccounts);
    this.stop = () => Object.assign(plaid, { exchangePublicToken, getAccounts });
  }
}

/**
 * Milliseconds of one transaction with the rows that a connection leaves. With three commits, the attempt and its
 * token are committed before it. It waits as long as two calls to Plaid take, which does not count: after a wait
 * everything is slower.
 */
async function bareTransaction(
  pool: pg.Pool,
  userId: string,
  { accounts, delay, commits }: { accounts: number; delay: number; commits: "one" | "three" },
): Promise<number> {
  const id = randomUUID();
  const client = await pool.connect();
  const started = performance.now();
  const addAttempt = () =>
    client.query("insert into link_attempts (id, user_id, public_token_hash) values ($1, $2, $3)", [
      id,
      userId,
      randomBytes(32),
    ]);
  let waited = 0;
  const wait = async () => {
    if (delay > 0) waited += await timed(() => pause(delay));
  };
  const begin = async () => {
    await client.query("begin");
    await client.query("select 1 from users where id = $1 for no key update", [userId]);
  };
  if (commits === "one") {
    await begin();
    await wait();
    await wait();
    await addAttempt();
  } else {
    await addAttempt();
    await wait();
    await client.query(
      "update link_attempts set access_token_sealed = 'b' where user_id = $1 and id = $2",
      [userId, id],
    );
    await wait();
    await begin();
  }
  await client.query(
    `insert into items (id, user_id, plaid_item_id, institution_name, access_token_sealed)
     values ($1, $2, $3, 'b', 'b')`,
    [id, userId, id],
  );
  await client.query(
    `insert into accounts (item_id, user_id, plaid_account_id, position, name, type)
     select $1::uuid, $2::uuid, $1::text || n, n, 'b', 'depository' from generate_series(1, $3::int) n`,
    [id, userId, accounts],
  );
  await client.query(
    "insert into account_activity (user_id, attempt_id, kind, account_count) values ($1, $2, 'connected', $3)",
    [userId, id, accounts],
  );
  await client.query("insert into item_syncs (item_id, user_id) values ($1, $2)", [id, userId]);
  await client.query(
    `select graphile_worker.add_job('sync_item', '{}', queue_name := 'sync:' || $1, job_key := $2)`,
    [Math.floor(Math.random() * 64), id],
  );
  await client.query(
    "insert into consents (user_id, item_id, institution_name) values ($1, $2, 'b')",
    [userId, id],
  );
  const mail = await client.query(
    `insert into mails (user_id, kind, recipient, details)
     select id, 'bank_connected', email, '{}' from users where id = $1 returning id`,
    [userId],
  );
  await client.query(
    `select graphile_worker.add_job('send_mail', json_build_object('id', $1::uuid), queue_name := 'mail:0')`,
    [mail.rows[0].id],
  );
  await client.query("update users set data_version = data_version + 1 where id = $1", [userId]);
  await client.query("commit");
  const ms = performance.now() - started - waited;
  client.release();
  return ms;
}
