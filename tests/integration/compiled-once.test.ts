import { sql } from "kysely";
import { expect } from "vitest";
import { findApiKey } from "../../db/api-keys.ts";
import { compiledOnce } from "../../db/compiled-once.ts";
import { readLinkNews } from "../../db/link-tokens.ts";
import { getPlanUse } from "../../db/plans.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

test("A statement compiled once runs with the values of each call only (I6)", async ({ app }) => {
  let made = 0;
  const named = compiledOnce((db, { email, plan }: { email: string; plan: string }) => {
    made += 1;
    return db
      .selectFrom("users")
      .where("email", "=", email)
      .where("plan", "=", plan)
      .select(["id", "email"]);
  });
  const plans = ["intern", "accountant", "analyst", "cfo"];
  const users = await Promise.all(plans.map((plan) => app.signUp(plan)));
  const { db } = app.services;
  const found = await Promise.all(
    users.map(({ email }, n) => named(db, { email, plan: plans[n] ?? "" })),
  );
  expect(found).toEqual(users.map(({ id, email }) => [{ id, email }]));
  const [ada] = users;
  expect(await named(db, { email: ada?.email ?? "", plan: "cfo" })).toEqual([]);
  // Also in a transaction, whose rows no other connection sees yet.
  await db.transaction().execute(async (tx) => {
    await tx.updateTable("users").set({ plan: "cfo" }).execute();
    expect(await named(tx, { email: ada?.email ?? "", plan: "cfo" })).toHaveLength(1);
    expect(await named(db, { email: ada?.email ?? "", plan: "cfo" })).toEqual([]);
  });
  expect(made).toBe(1);
});

test("Each statement compiled once is prepared, and keeps running when a migration has added a column", async ({
  app,
}) => {
  const { db, connectDb, log } = app.services;
  /** Runs each of them; a held page's statement has the result of any page's. */
  const runAll = async () => {
    const user = await app.signUp("cfo");
    const body = { public_token: await app.publicToken() };
    const connected = await app.post("/plaid/exchange-token", body, user);
    expect(connected.body).toMatchObject({ outcome: "connected" });
    const item = { userId: user.id, itemId: connected.body.item.id };
    expect(await syncItem(app.services, item, log, new AbortController().signal)).toBe("done");
    expect(await getPlanUse(db, user.id)).toMatchObject({ plan: { id: "cfo" } });
    expect(await findApiKey(db, "none")).toBeNull();
    expect(await readLinkNews(db, user.id)).toEqual({ news: [], hasOpen: false });
  };
  await runAll();
  const counts = [db, connectDb].map(async (each) => {
    const { rows } = await sql`select from pg_prepared_statements`.execute(each);
    return rows.length;
  });
  for (const count of await Promise.all(counts)) expect(count).toBeGreaterThan(3);
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public'`.execute(db);
  // A column of its own for each try, because a second one runs on the tables of the first.
  const column = `added_at_${Date.now()}`;
  for (const { name } of rows)
    await sql`alter table ${sql.table(name)} add column ${sql.ref(column)} int`.execute(db);
  await runAll();
});
