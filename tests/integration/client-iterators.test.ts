import { expect } from "vitest";
import type { TransactionChanges } from "../../client/src/index.ts";
import { createStubClient, fiscilityError } from "../../client/src/testing.ts";
import { createApiKey, revokeApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import type { TestApp } from "../support/app.ts";
import { failure, quick } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";
import { addTransactions, raiseDataVersion } from "../support/rows.ts";

const test = testWithApp();

async function userWithClient(app: TestApp) {
  const ada = await app.signUp("analyst");
  const input = { name: "Key", scopes: scope.options, expiresInDays: 1 };
  const { key, apiKey } = await createApiKey(app.services.db, ada.id, input);
  const revoke = () => revokeApiKey(app.services.db, ada.id, apiKey.id);
  return { ada, revoke, client: quick(app.url, { apiKey: key }) };
}

test("transactions.iterate yields each matching transaction once, over several pages", async ({
  app,
}) => {
  const { ada, client } = await userWithClient(app);
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await addTransactions(app, ada, 630, 10);
  for (const limit of [undefined, 97]) {
    const ids = new Set<string>();
    let last = "9999";
    for await (const { id, date } of client.transactions.iterate(limit ? { limit } : {})) {
      expect(date <= last).toBe(true);
      last = date;
      ids.add(id);
    }
    expect(ids.size).toBe(630);
  }
});

test("transactions.iterate fetches no page before the loop needs it, and fails at the call", async () => {
  const cursors: unknown[] = [];
  const client = createStubClient({
    transactions: {
      list: ({ cursor, limit }) => {
        cursors.push([cursor, limit]);
        if (cursor === "2") throw fiscilityError("api_key_revoked");
        const transactions = [{ id: `of ${cursor}` }] as never;
        return { transactions, nextCursor: String(Number(cursor ?? 0) + 1) };
      },
    },
  });
  for await (const _ of client.transactions.iterate()) break;
  expect(cursors).toEqual([[undefined, 500]]);
  const seen: string[] = [];
  const error = await failure(
    (async () => {
      for await (const { id } of client.transactions.iterate()) seen.push(id);
    })(),
  );
  expect(seen).toEqual(["of undefined", "of 1"]);
  expect(error.reason).toBe("api_key_revoked");
  expect(error.stack?.split("\n")[1]).toContain(import.meta.filename);
});

test("transactions.changes.iterate gives every change page after page, and goes on where a page ended", async ({
  app,
}) => {
  const { ada, client } = await userWithClient(app);
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await addTransactions(app, ada, 430, 10);
  const read = async (input: { since?: string; limit?: number } = {}) => {
    const pages: TransactionChanges[] = [];
    for await (const page of client.transactions.changes.iterate(input)) pages.push(page);
    return pages;
  };
  const pages = await read({ limit: 150 });
  expect(pages.map(({ changed }) => changed.length)).toEqual([150, 150, 130]);
  const ids = new Set(pages.flatMap(({ changed }) => changed.map(({ id }) => id)));
  expect(ids.size).toBe(430);
  const since = pages.at(-1)?.cursor as string;
  expect(await read({ since })).toMatchObject([{ changed: [], removed: [], hasMore: false }]);
  const [gone] = ids;
  await app.query("delete from transactions where id = $1", [gone]);
  expect(await read({ since })).toMatchObject([{ changed: [], removed: [{ id: gone }] }]);

  const error = await failure(read({ since: "odd" }));
  expect(error).toMatchObject({ reason: "invalid_input", issues: [{ path: "since" }] });
  const rest = await app.get(`/api/v1/transaction-changes?since=${since}&limit=1`, ada);
  expect(rest).toMatchObject({ removed: [{ id: gone }], removed_accounts: [], has_more: false });
});

test("transactions.list takes a limit of 1 to 500, also over REST", async ({ app }) => {
  const { ada, client } = await userWithClient(app);
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await addTransactions(app, ada, 600, 10);
  const count = async (limit?: number) =>
    (await client.transactions.list.query({ limit })).transactions.length;
  expect([await count(), await count(3), await count(500)]).toEqual([50, 3, 500]);
  for (const limit of [0, 501, 1.5]) {
    const error = await failure(client.transactions.list.query({ limit }));
    expect(error).toMatchObject({ reason: "invalid_input", issues: [{ path: "limit" }] });
  }
  const first = await app.get("/api/v1/transactions?limit=7", ada);
  expect(first.transactions).toHaveLength(7);
  const next = await app.get(`/api/v1/transactions?limit=2&cursor=${first.next_cursor}`, ada);
  expect(next.transactions).toHaveLength(2);
  expect(first.transactions.map(({ id }: { id: string }) => id)).not.toContain(
    next.transactions[0].id,
  );
});

test("live.changes.iterate yields changes to a loop, only the newest to a slow one, and ends with the loop", async ({
  app,
}) => {
  const { ada, client, revoke } = await userWithClient(app);
  const seen: number[] = [];
  for await (const { data } of client.live.changes.iterate()) {
    seen.push(data.dataVersion);
    if (seen.length === 1) await raiseDataVersion(app, ada);
    if (seen.length === 2) {
      await raiseDataVersion(app, ada);
      await raiseDataVersion(app, ada);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    if (seen.at(-1) === 3) break;
  }
  expect(seen).toEqual([0, 1, 3]);
  await expect.poll(() => app.services.live.size).toBe(0);

  const leave = new AbortController();
  for await (const _ of client.live.changes.iterate(undefined, { signal: leave.signal })) {
    leave.abort();
  }
  const error = await failure(
    (async () => {
      for await (const _ of client.live.changes.iterate()) await revoke();
    })(),
  );
  expect(error.reason).toBe("api_key_revoked");
  expect(error.stack?.split("\n")[1]).toContain(import.meta.filename);
});
