import { expect } from "vitest";
import { applyHeldTransactions, restartFromFirstPage } from "../../db/sync-pages.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import {
  accountsOf,
  activityOf,
  dataVersionOf,
  itemsOf,
  only,
  plaidItemIdOf,
  setPlan,
  setPlanLimit,
  updateItems,
} from "../support/rows.ts";
import { transactionsAtPlaid } from "../support/transactions.ts";

/** Access to a bank has ended, and its user connects it again. */
const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

const sync = (app: TestApp, user: TestUser, itemId: string) =>
  syncItem(
    app.services,
    { userId: user.id, itemId },
    app.services.log,
    new AbortController().signal,
  );
/** A bank of the user, completely synced. */
async function connected(app: TestApp, user: TestUser) {
  const { body } = await app.post("/trpc/plaid.createLinkToken", {}, user);
  const { publicToken } = await goThroughLink(app, body.result.data.linkToken, {
    bank: "ins_109508",
  });
  const response = await app.post("/trpc/connectAccount", { publicToken }, user);
  const itemId: string = response.body.result.data.item.id;
  await sync(app, user, itemId);
  return itemId;
}
/** Access ends at Plaid, and no webhook about it has been processed yet. */
async function endUnheard(app: TestApp, itemId: string, error_code = "USER_PERMISSION_REVOKED") {
  const item_id = await plaidItemIdOf(app, itemId);
  await app.control("POST", "items/error", { item_id, error_code });
  await updateItems(app, { status: "good", problem: null }, { itemId });
}
/** Plaid reports that the user withdrew the permission. */
async function end(app: TestApp, itemId: string) {
  await endUnheard(app, itemId);
  await updateItems(app, { status: "revoked", problem: "connect_again" }, { itemId });
}
/** Connects the bank of the ended Item again, from its card. A browser sends Link's metadata as well. */
async function again(
  app: TestApp,
  user: TestUser,
  itemId: string,
  { chosen, byBrowser = false }: { chosen?: number[]; byBrowser?: boolean } = {},
) {
  const { status, body } = await app.post(
    "/trpc/plaid.createLinkToken",
    { connectAgain: itemId },
    user,
  );
  expect(status).toBe(200);
  const { linkToken } = body.result.data;
  // Link opens at the bank.
  const link = await goThroughLink(app, linkToken, chosen && { chosen });
  const { publicToken } = link;
  const request = { publicToken, linkToken, ...(byBrowser && { metadata: metadataOf(link) }) };
  const response = await app.post("/trpc/connectAccount", request, user);
  expect(response.body.error).toBeUndefined();
  return response.body.result.data;
}
/** The metadata as the browser sends it. */
function metadataOf({ metadata }: { metadata: unknown }) {
  const { institution, accounts } = metadata as {
    institution: { institution_id: string; name: string };
    accounts: object[];
  };
  const { institution_id: institutionId, name } = institution;
  return { institution: { institutionId, name }, accounts, linkSessionId: null };
}
const counts = async (app: TestApp) =>
  app.query(
    `select account_id, date::text, amount, name, count(*)::int as n from transactions
     group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
const ids = async (app: TestApp) =>
  (await app.query("select id from transactions order by id")).map(({ id }) => id);
const sum = async (app: TestApp) =>
  (await app.query("select count(*)::int as n, sum(amount)::text as sum from transactions"))[0];

test("connectAccount takes over the accounts of an ended Item with their ids, names and history, and counts nothing twice (I1, I2, I4)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  // The user corrected a name. The bank no longer returns transactions as old as these.
  await app.query("update accounts set name = 'My checking' where position = 0");
  await app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
     select user_id, 'old-' || id, id, '2020-01-01', 5, 'USD', 'Long ago', false from accounts where position = 0`,
  );
  const before = await accountsOf(app);
  const [{ n }] = [await sum(app)];
  const was = await counts(app);
  const oldIds = await ids(app);
  await end(app, old);

  // Its history arrives in two parts, the second one a while later.
  await app.control("POST", "settings", { historical_pull_ms: 600_000 });
  const { outcome, item, accounts } = await again(app, user, old);
  expect(outcome).toBe("connected");
  expect(item.id).not.toBe(old);
  expect(accounts.map(({ id }: { id: string }) => id)).toEqual(before.map(({ id }) => id));
  expect(accounts[0].name).toBe("My checking");
  expect((await itemsOf(app)).map(({ id }) => id)).toEqual([item.id]);
  expect(await counts(app)).toEqual(was);

  await sync(app, user, item.id);
  expect(await ids(app)).toEqual(oldIds);
  expect(await app.query("select 1 from held_transactions limit 1")).toHaveLength(1);

  await app.advanceClock(700);
  await sync(app, user, item.id);
  const { plaid_item_id } = await only(itemsOf(app));
  const atPlaid = await transactionsAtPlaid(app, plaid_item_id);
  const now = await ids(app);
  expect(now.filter((id) => !id.startsWith("old-"))).toEqual(atPlaid.map(({ id }) => id).sort());
  expect(now.filter((id) => id.startsWith("old-"))).toHaveLength(1);
  expect(Math.abs((await sum(app)).n - n)).toBeLessThan(10);
  expect(await app.query("select 1 from held_transactions")).toEqual([]);
  expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true, false]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect((await activityOf(app)).map(({ kind }) => kind)).toEqual(["connected", "connected"]);
});

test("Older transactions stay when the new Item is synced from the beginning again", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  await app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
     select user_id, 'old-' || id, id, '2020-01-01', 5, 'USD', 'Long ago', false from accounts where position = 0`,
  );
  await end(app, old);
  const { item } = await again(app, user, old);
  await sync(app, user, item.id);
  await app.fault({
    ...{ path: "/transactions/sync", times: 1 },
    do: { error: "INVALID_FIELD" },
  });
  await sync(app, user, item.id);
  expect((await ids(app)).filter((id) => id.startsWith("old-"))).toHaveLength(1);
});

test("connectAccount needs no room to connect an ended bank again, even on a full plan (I3)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  const { length } = await accountsOf(app);
  await setPlan(app, "intern", user);
  await setPlanLimit(app, "intern", length);
  await end(app, old);
  const refused = await app.post("/trpc/plaid.createLinkToken", {}, user);
  expect(refused.body.error.data.reason).toBe("limit_reached");
  const { item } = await again(app, user, old);
  expect(await only(itemsOf(app))).toMatchObject({ id: item.id });
  await end(app, item.id);
  const last = await again(app, user, item.id, { byBrowser: true });
  expect(await only(itemsOf(app))).toMatchObject({ id: last.item.id });
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  await setPlanLimit(app, "intern", 2);
});

test("connectAccount takes over the accounts that are not shared again as no longer shared, and leaves most of them with their Item", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  const { length } = await accountsOf(app);
  await end(app, old);
  const { item } = await again(app, user, old, { chosen: [0] });
  // One of several was shared: it may be another log-in.
  expect((await itemsOf(app)).map(({ id }) => id)).toEqual([old, item.id]);
  await end(app, item.id);
  const all = Array.from({ length: length - 1 }, (_, n) => n);
  const last = await again(app, user, old, { chosen: all });
  expect(await only(itemsOf(app))).toMatchObject({ id: last.item.id });
  const rows = await accountsOf(app);
  expect(rows.map(({ revoked_at }) => revoked_at === null)).toEqual([
    ...all.map(() => true),
    false,
  ]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("A new Item that ends before its history is complete leaves nothing behind, and the next one's balances and history hold (I4)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  const before = await accountsOf(app);
  await app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, pending)
     select user_id, 'pending', id, '2020-01-01', 5, 'USD', 'Never posted', true from accounts where position = 0`,
  );
  await end(app, old);
  await app.control("POST", "settings", { historical_pull_ms: 600_000 });
  const first = await again(app, user, old);
  await sync(app, user, first.item.id);
  await app.query("update held_transactions set id = 'first-' || id");
  await app.query("update accounts set revoked_at = now(), current_balance = 1");
  await end(app, first.item.id);

  const second = await again(app, user, first.item.id);
  expect(await app.query("select 1 from held_transactions")).toEqual([]);
  const balances = ({ current_balance }: { current_balance: unknown }) => Number(current_balance);
  const now = await accountsOf(app);
  expect(now.map(balances)).toEqual(before.map(balances));
  expect(now.map(({ revoked_at }) => revoked_at)).toEqual(before.map(() => null));

  await sync(app, user, second.item.id);
  expect(await ids(app)).toContain("pending");
  const version = await dataVersionOf(app, user);
  // The bank never reports its history as complete. After a day it counts as complete.
  await app.query("update items set created_at = created_at - interval '25 hours'");
  await sync(app, user, second.item.id);
  expect(await app.query("select 1 from held_transactions")).toEqual([]);
  expect((await ids(app)).filter((id) => /^(first|pending)/.test(id))).toEqual([]);
  expect(await dataVersionOf(app, user)).toBeGreaterThan(version);
});

test("A run that began before the history was complete writes nothing after it", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const itemId = await connected(app, user);
  const [{ cursor: kept }] = await app.query("select cursor from item_syncs");
  const begin = (isHeld: boolean) =>
    restartFromFirstPage(app.services.db, user.id, itemId, { kept, refused: false, isHeld });
  expect(await begin(true)).toBe(false);
  await app.query("update item_syncs set is_held = true");
  expect(await begin(false)).toBe(false);
  const version = await dataVersionOf(app, user);
  await applyHeldTransactions(app.services.db, user.id, itemId);
  // With the history, in one transaction.
  expect(await dataVersionOf(app, user)).toBe(version + 1);
  expect(await begin(false)).toBe(true);
});

test("The recovery removes the old Item at Plaid when Plaid does not confirm it at first (I1)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  await end(app, old);
  await app.fault({ path: "/item/remove", times: 5, do: { status: 503, body: {} } });
  await again(app, user, old);
  expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([false, false]);
  await app.clearFaults();
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

/** Every way for access to end, by Plaid's error code. */
const endings = {
  USER_PERMISSION_REVOKED: async () => {},
  ITEM_NOT_FOUND: async () => {},
  // Wrong keys of ours cause the same code: it is believed once it has been refused for a while.
  INVALID_ACCESS_TOKEN: async (app: TestApp, open: () => Promise<unknown>) => {
    expect(await open()).toBe("not_found");
    await app.query("update refused_tokens set first_at = first_at - interval '1 hour'");
  },
} satisfies Record<string, (app: TestApp, open: () => Promise<unknown>) => Promise<void>>;

test.for(Object.entries(endings))(
  "connectAccount takes over an Item whose access has ended with %s, even if no webhook reported it (I1, I2)",
  async ([code, first], { app }) => {
    const user = await app.signUp("cfo");
    const old = await connected(app, user);
    const before = await accountsOf(app);
    await endUnheard(app, old, code);
    await first(app, async () => {
      const request = { connectAgain: old };
      const { body } = await app.post("/trpc/plaid.createLinkToken", request, user);
      return body.error?.data.reason;
    });
    const { item } = await again(app, user, old);
    expect((await itemsOf(app)).map(({ id }) => id)).toEqual([item.id]);
    expect((await accountsOf(app)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  },
);

test("A bank that was refused as a duplicate is taken over with the same public_token when its access turns out to have ended (I2)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const old = await connected(app, user);
  const before = await accountsOf(app);
  const { body } = await app.post("/trpc/plaid.createLinkToken", {}, user);
  const { linkToken } = body.result.data;
  const link = await goThroughLink(app, linkToken, { bank: "ins_109508" });
  const request = { publicToken: link.publicToken, linkToken, metadata: metadataOf(link) };
  const send = async () => (await app.post("/trpc/connectAccount", request, user)).body;
  const details = async () => (await send()).error.data.details;
  expect(await details()).toMatchObject({ itemId: old, itemStatus: "good" });
  await endUnheard(app, old);
  expect(await details()).toMatchObject({ itemId: old, itemStatus: "revoked" });
  const { item } = (await send()).result.data;
  expect(item.id).not.toBe(old);
  expect((await itemsOf(app)).map(({ id }) => id)).toEqual([item.id]);
  expect((await accountsOf(app)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
});

test("createLinkToken does not open Link for an Item whose end Plaid cannot confirm now", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const itemId = await connected(app, user);
  await app.fault({ path: "/item/get", times: 5, do: { status: 503, body: {} } });
  const { body } = await app.post("/trpc/plaid.createLinkToken", { connectAgain: itemId }, user);
  expect(body.error.data.reason).toBe("link_unavailable");
});

test("createLinkToken connects only an ended Item of the user's own again", async ({ app }) => {
  const [user, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const itemId = await connected(app, user);
  const open = async (who: TestUser) =>
    (await app.post("/trpc/plaid.createLinkToken", { connectAgain: itemId }, who)).body.error?.data
      .reason;
  expect(await open(user)).toBe("not_found");
  await end(app, itemId);
  expect([await open(other), await open(user)]).toEqual(["not_found", undefined]);
});
