import { afterEach, expect, test, vi } from "vitest";
import { startSandbox } from "../src/index.ts";
import { connect, control, KIND, plaidClient } from "./support/client.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Everything that a seeded sandbox returns for two banks when the machine's clock shows `day`. */
async function tellOn(day: string, options: Parameters<typeof startSandbox>[0] = {}) {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(day) });
  const sandbox = await startSandbox({ ...KIND, seed: 77, ...options });
  const plaid = plaidClient(sandbox.url);
  const told: object[] = [];
  for (const institution_id of ["ins_109508", "ins_109511"]) {
    const { access_token, item_id } = await connect(plaid, institution_id, {
      username: "somebody",
    });
    const days = { access_token, start_date: "2024-01-01", end_date: "2030-01-01" };
    const bodies = [
      (await plaid.authGet({ access_token })).data,
      (await plaid.identityGet({ access_token })).data,
      (await plaid.transactionsSync({ access_token, count: 500 })).data,
      (await plaid.transactionsGet(days)).data,
      (await plaid.transactionsRecurringGet({ access_token })).data,
      (await plaid.investmentsHoldingsGet({ access_token }).catch(({ response }) => response)).data,
      (await plaid.investmentsTransactionsGet(days).catch(({ response }) => response)).data,
      (await plaid.liabilitiesGet({ access_token }).catch(({ response }) => response)).data,
      await control<object>(sandbox.url, "GET", `items/transactions?item_id=${item_id}`),
    ];
    told.push(...bodies.map(withoutRequest));
  }
  const { now } = await control<{ now: string }>(sandbox.url, "POST", "clock", {
    advance_seconds: 86_400,
  });
  await control(sandbox.url, "POST", "reset");
  const reset = await control<{ now: string }>(sandbox.url, "POST", "clock", {});
  await sandbox.close();
  return { told, tomorrow: now.slice(0, 10), reset: reset.now.slice(0, 10) };
}

/** The body without what does not follow from the seed: the request id and the time of the read. */
function withoutRequest(body: object): object {
  return JSON.parse(
    JSON.stringify(body, (name, value) =>
      name === "request_id" || name === "updated_datetime" ? undefined : value,
    ),
  );
}

test("A seed gives the same users, amounts and dates on any day, and its clock continues from there", async () => {
  const first = await tellOn("2026-11-28T19:00:00Z");
  const second = await tellOn("2029-02-03T23:59:58Z");
  expect(JSON.stringify(first.told)).toContain('"date":"2026-06-15"');
  expect(second).toEqual(first);
  expect(first.tomorrow).toBe("2026-06-16");
  expect(first.reset).toBe("2026-06-15");
});

test("startDate names the first day, and today keeps the machine's time", async () => {
  const named = await tellOn("2029-02-03T23:59:58Z", { startDate: "2025-01-31" });
  expect(named.tomorrow).toBe("2025-02-01");
  const today = await tellOn("2029-02-03T20:00:00Z", { startDate: "today" });
  expect(today.tomorrow).toBe("2029-02-04");
});
