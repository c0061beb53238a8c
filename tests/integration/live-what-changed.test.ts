import { afterAll, expect } from "vitest";
import type { LiveChange } from "../../client/src/index.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { addBank } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { accountsOf, addTransactions, itemsOf, raiseDataVersion } from "../support/rows.ts";
import { openStream } from "../support/sse.ts";

const test = testWithApp();
let second: Awaited<ReturnType<TestApp["startNode"]>>;
const open: { close(): void }[] = [];
test.beforeAll(async ({ app }) => {
  second = await app.startNode();
});
test.afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(() => second?.close());

/** A stream of the other node. `next` resolves to what the next event says has changed. */
async function follow(headers: Record<string, string>, lastEventId?: string) {
  const stream = await openStream(`${second.url}/trpc/live.changes`, {
    ...headers,
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
  });
  open.push(stream);
  let seen = 0;
  const next = async (): Promise<LiveChange["changed"]> => {
    await expect.poll(() => stream.messages().length).toBeGreaterThan(seen);
    const { changed } = stream.messages()[seen++];
    return (
      changed && { ...changed, items: changed.items.sort(), accounts: changed.accounts.sort() }
    );
  };
  const lastId = () => stream.events.findLast(({ id }) => id)?.id as string;
  return { next, lastId, events: () => stream.messages().length };
}

const nothing = { items: [], accounts: [], transactions: [], more: false };

const sync = (app: TestApp, user: TestUser, itemId: string) =>
  syncItem(
    app.services,
    { userId: user.id, itemId },
    app.services.log,
    new AbortController().signal,
  );

test("A live event on another node names exactly what was connected, synced, renamed, corrected and disconnected", async ({
  app,
}) => {
  const ada = await app.signUp("cfo");
  await addBank(app, ada, "Another Bank", [{ balance: "1" }], [[0, 1, "3"]]);
  const stream = await follow({ cookie: ada.cookie });
  expect(await stream.next()).toBeNull();

  const publicToken = await app.publicToken();
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, ada);
  const itemId: string = body.item.id;
  const accounts: string[] = body.accounts.map(({ id }: { id: string }) => id).sort();
  expect(await stream.next()).toEqual({ ...nothing, items: [itemId], accounts });

  await sync(app, ada, itemId);
  let last = await stream.next();
  while (last?.transactions.length === 0) last = await stream.next();
  expect(last?.items).toEqual([itemId]);
  const known = (await app.query("select id from transactions where user_id = $1", [ada.id])).map(
    ({ id }) => id,
  );
  for (const id of last?.transactions ?? []) expect(known).toContain(id);
  const quiet = await follow({ cookie: ada.cookie });
  await quiet.next();

  const [accountId] = accounts as [string];
  await app.post("/api/v1/account-settings", { account_id: accountId, name: "Rent" }, ada);
  expect(await quiet.next()).toEqual({ ...nothing, accounts: [accountId] });

  const correction = { transaction_id: known[0], category: "TRAVEL" };
  await app.post("/api/v1/transaction-corrections", correction, ada);
  expect(await quiet.next()).toEqual({ ...nothing, transactions: [known[0]] });

  const before = quiet.lastId();
  await app.post(
    "/api/v1/disconnections",
    { item_id: itemId, confirmation: `disconnect ${body.item.institution.name}` },
    ada,
  );
  // Its accounts' transactions are not listed one by one.
  const gone = { ...nothing, items: [itemId], accounts, more: true };
  expect(await quiet.next()).toEqual(gone);
  const late = await follow({ cookie: ada.cookie }, before);
  expect(await late.next()).toEqual(gone);
  const current = await follow({ cookie: ada.cookie }, quiet.lastId());
  await raiseDataVersion(app, ada);
  expect(await current.next()).toEqual(nothing);
});

test("A live event does not say what changed where the stream's position is not known, or the database was restored", async ({
  app,
}) => {
  const ada = await app.signUp();
  await raiseDataVersion(app, ada, 5);
  for (const id of [undefined, "3", "9.0", "3.99", "odd"]) {
    expect(await (await follow({ cookie: ada.cookie }, id)).next()).toBeNull();
  }
  const { next, events } = await follow({ cookie: ada.cookie }, "3.0");
  expect(await next()).toEqual(nothing);
  await app.services.db.transaction().execute(async (tx) => {
    for (let n = 0; n < 3; n++) {
      await tx
        .updateTable("users")
        .set((eb) => ({ data_version: eb("data_version", "+", 1) }))
        .where("id", "=", ada.id)
        .execute();
    }
  });
  expect(await next()).toEqual(nothing);
  expect(events()).toBe(2);
});

test("A live event lists 100 of a kind and says that there are more, and no transactions for a key that may not read them", async ({
  app,
}) => {
  const ada = await app.signUp("cfo");
  await addBank(app, ada, "Mill Bank", [{ balance: "1" }], []);
  const keyWith = async (scopes: (typeof scope.options)[number][]) => {
    const input = { name: "Key", scopes, expiresInDays: 1 };
    const { key } = await createApiKey(app.services.db, ada.id, input);
    return { authorization: `Bearer ${key}` };
  };
  const all = await follow(await keyWith(scope.options));
  const few = await follow(await keyWith(["accounts:read"]));
  for (const { next } of [all, few]) await next();
  const [account] = await accountsOf(app, ada);
  await addTransactions(app, ada, 150, 10);
  await app.query("update accounts set name = 'New' where id = $1", [account?.id]);
  await raiseDataVersion(app, ada);
  const listed = await all.next();
  expect(listed?.transactions).toHaveLength(100);
  expect(listed?.more).toBe(true);
  expect(await few.next()).toEqual(nothing);
  const [item] = await itemsOf(app, ada);
  await app.services.db.transaction().execute(async (tx) => {
    await tx
      .updateTable("users")
      .set((eb) => ({ data_version: eb("data_version", "+", 1) }))
      .where("id", "=", ada.id)
      .execute();
    await tx
      .updateTable("items")
      .set({ status: "revoked" })
      .where("user_id", "=", ada.id)
      .execute();
  });
  for (const { next } of [all, few]) {
    expect(await next()).toEqual({ ...nothing, items: [item?.id] });
  }
});
