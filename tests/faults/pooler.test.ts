import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startWorker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { doneSyncsOf } from "../support/rows.ts";

/** The limits that the app requests from PostgreSQL. */
const limits = { statement: 1_000, lock: 500, plaidCall: 2_000, databaseConnect: 20_000 };

describe.skipIf(inject("pgbouncer") === null)("PgBouncer in transaction mode", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({}, { pooled: true, limits });
  });
  afterAll(() => app?.close());

  const query = (text: string) => sql.raw(text).execute(app.services.db);

  test("cancels a statement that runs too long, in a transaction and outside one", async () => {
    await expect(query("select pg_sleep(5)")).rejects.toThrow("statement timeout");
    const inside = app.services.db
      .transaction()
      .execute((tx) => sql`select pg_sleep(5)`.execute(tx));
    await expect(inside).rejects.toThrow("statement timeout");
  });

  test("fails a query that waits for a lock longer than the limit", async () => {
    const user = await app.signUp();
    const change = `update users set name = 'B' where id = '${user.id}'`;
    await app.services.connectDb.transaction().execute(async (tx) => {
      await sql.raw(change).execute(tx);
      await expect(query(change)).rejects.toThrow("lock timeout");
      const inside = app.services.db
        .transaction()
        .execute((other) => sql.raw(change).execute(other));
      await expect(inside).rejects.toThrow("lock timeout");
    });
  });

  test("ends an idle transaction and serves others", async () => {
    const idle = app.services.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await expect
        .poll(() => app.query("select 1 from pg_stat_activity where pid = $1", [rows[0]?.pid]))
        .toHaveLength(0);
      await sql`select 1`.execute(tx);
    });
    await expect(idle).rejects.toThrow();
    await query("select 1");
  });

  test("drops a transaction's own limits when it ends, on every connection of the pooler", async () => {
    const limits = `select array[current_setting('statement_timeout'),
      current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')] as held`;
    const inside = await app.services.db
      .transaction()
      .execute((tx) => sql.raw<{ held: string[] }>(limits).execute(tx));
    expect(inside.rows).toEqual([{ held: ["1s", "500ms", "1s"] }]);
    const after = await Promise.all(
      Array.from({ length: 8 }, () => query(`${limits} from pg_sleep(0.05)`)),
    );
    for (const { rows } of after) expect(rows).toEqual([{ held: ["1s", "500ms", "0"] }]);
  });

  test("keeps serving reads while connections wait for a slow Plaid", async () => {
    const users = await Promise.all(Array.from({ length: 4 }, () => app.signUp("cfo")));
    const tokens = await Promise.all(users.map(() => app.publicToken()));
    await app.fault({ path: "/accounts/get", times: 4, do: { hang: true } });
    const reader = await app.signUp();
    const before = await app.requestsAtPlaid("/accounts/get");
    let answered = 0;
    const connecting = users.map(async (user, n) => {
      await app.post("/plaid/exchange-token", { public_token: tokens[n] }, user);
      answered += 1;
    });
    await expect.poll(() => app.requestsAtPlaid("/accounts/get")).toBe(before + 4);
    const read = await fetch(`${app.url}/api/v1/accounts`, { headers: { cookie: reader.cookie } });
    expect([read.status, answered]).toEqual([200, 0]);
    await app.clearFaults();
    await Promise.all(connecting);
  });

  test("runs each job once and sees that its worker is alive", async () => {
    const user = await app.signUp("cfo");
    const token = await app.publicToken();
    await app.post("/plaid/exchange-token", { public_token: token }, user);
    const workers = [await startWorker(app.services), await startWorker(app.services)];
    await expect.poll(() => doneSyncsOf(app, user)).toHaveLength(1);
    const held = await app.query("select 1 from pg_locks where locktype = 'advisory' and granted");
    expect(held.length).toBeGreaterThanOrEqual(workers.length);
    await Promise.all(workers.map((worker) => worker.stop()));
  });
});
