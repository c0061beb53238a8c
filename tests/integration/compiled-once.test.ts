import { expect } from "vitest";
import { compiledOnce } from "../../db/compiled-once.ts";
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
