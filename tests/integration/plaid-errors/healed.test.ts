import { expect } from "vitest";
import { startOver, testWithApp } from "../../support/fixtures.ts";
import { updateItems } from "../../support/rows.ts";
import { connectBank, newestEntry, shown, sync } from "./world.ts";

const test = testWithApp();
test.afterEach(({ app }) => startOver(app));

test.for(["choose_accounts", "unknown", null] as const)(
  "finishUpdateMode clears %s when Link left with item-no-error and the bank is fine",
  async (problem, { app }) => {
    const bank = await connectBank(app);
    const status = problem === null ? "expiring" : "login_required";
    await updateItems(app, { status, problem });
    expect((await shown(app, bank)).status).toBe(status);
    // What the page does on `item-no-error`: app/connect/connect-machine.ts.
    await app.post("/api/v1/finished-updates", { item_id: bank.itemId }, bank.owner);
    expect(await shown(app, bank)).toMatchObject({ status: "good", problem: null });
  },
);

test.for([
  ["stays until the bank's day", "now() + interval '1 day'", "now()", "expiring"],
  ["clears when the bank's day has passed", "now() - interval '1 minute'", "now()", "good"],
  [
    "stays within seven days when no day was named",
    "null",
    "now() - interval '6 days'",
    "expiring",
  ],
  ["clears after seven days when no day was named", "null", "now() - interval '8 days'", "good"],
] as const)(
  "syncItem with an expiring Item that works: %s",
  async ([_, expiresAt, statusAt, status], { app }) => {
    const bank = await connectBank(app);
    await app.query(
      `update items set status = 'expiring', expires_at = ${expiresAt}, status_at = ${statusAt}`,
    );
    expect(await sync(app, bank)).toBe("done");
    const item = await shown(app, bank);
    expect(item.status).toBe(status);
    if (status === "good") {
      expect(item.expires_at).toBe(null);
      expect((await newestEntry(app, bank)).kind).toBe("repaired");
    }
  },
);

test("syncItem asks for a log-in when the expiry has passed and the Item does not work", async ({
  app,
}) => {
  const bank = await connectBank(app);
  await app.query("update items set status = 'expiring', expires_at = now() - interval '1 minute'");
  const error_code = "ITEM_LOGIN_REQUIRED";
  await app.control("POST", "items/error", { item_id: bank.plaidItemId, error_code });
  expect(await sync(app, bank)).toBe("needs_user");
  expect(await shown(app, bank)).toMatchObject({
    status: "login_required",
    expires_at: null,
    problem: { kind: "log_in" },
  });
});

test("syncItem keeps the Item's problem when the bank stops responding", async ({ app }) => {
  const bank = await connectBank(app);
  await updateItems(app, { status: "login_required", problem: "act_at_bank" });
  await app.fault({ path: "/transactions/sync", times: 1, do: { error: "INSTITUTION_DOWN" } });
  await sync(app, bank);
  expect((await shown(app, bank)).problem.kind).toBe("act_at_bank");
});
