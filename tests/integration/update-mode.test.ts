import pg from "pg";
import { expect } from "vitest";
import { PageRows } from "../../db/page-rows.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { storePage } from "../../db/sync-pages.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import {
  activityOf,
  attemptsOf,
  itemsOf,
  lockWaiters,
  only,
  plaidItemIdOf,
  setPlan,
  updateAccounts,
  updateItems,
} from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

const platypus = "ins_109508";

async function openLink(app: TestApp, user: TestUser, itemId?: string): Promise<string> {
  const { body } = await app.post("/trpc/plaid.createLinkToken", itemId ? { itemId } : {}, user);
  return body.result.data.linkToken;
}

/** Connects a bank of which the user shares only the accounts at these positions. */
async function connect(app: TestApp, user: TestUser, chosen: number[]) {
  const { publicToken } = await goThroughLink(app, await openLink(app, user), {
    bank: platypus,
    chosen,
  });
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, user);
  const plaid_item_id = await plaidItemIdOf(app, body.item.id);
  return { itemId: body.item.id as string, plaidItemId: plaid_item_id as string };
}

/** Runs update mode from its link_token to the app's response. */
async function update(app: TestApp, user: TestUser, itemId: string, chosen?: number[]) {
  const { picked } = await goThroughLink(app, await openLink(app, user, itemId), {
    ...(chosen ? { chosen } : {}),
  });
  const { status, body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
  return { picked, status, data: body.result?.data, error: body.error?.data };
}

const newAccounts = (app: TestApp, itemId: string) =>
  updateItems(app, { new_accounts: true }, { itemId });

const accounts = (app: TestApp, itemId: string) =>
  app.query(
    `select id, position, plaid_account_id, revoked_at is not null revoked from accounts
       where item_id = $1 order by position`,
    [itemId],
  );

const sync = (app: TestApp, user: TestUser, itemId: string) =>
  syncItem(
    app.services,
    { userId: user.id, itemId },
    app.services.log,
    new AbortController().signal,
  );

test("finishUpdateMode adds the new account with its whole history after NEW_ACCOUNTS_AVAILABLE", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(app, user, [0]);
  await sync(app, user, itemId);
  const before = await transactionsHere(app, itemId);
  expect(before.length).toBeGreaterThan(100);
  const [first] = await accounts(app, itemId);

  // There is nothing to choose: the user only logs in.
  expect((await update(app, user, itemId)).picked).toBe(false);
  await newAccounts(app, itemId);
  const link = await goThroughLink(app, await openLink(app, user, itemId), { chosen: [0, 1] });
  expect(link.picked).toBe(true);
  // A sync before that ignores transactions of accounts that are not connected.
  await sync(app, user, itemId);
  expect(await transactionsHere(app, itemId)).toHaveLength(before.length);
  const { body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
  const { added, accounts: shown, item } = body.result.data;
  expect([added, shown.length, item.newAccounts]).toEqual([1, 2, false]);
  expect(item.timeline.steps.map(({ state }: { state: string }) => state)).toEqual([
    ...["done", "done", "waiting", "waiting", "waiting"],
  ]);
  expect((await accounts(app, itemId))[0]).toEqual(first);

  await sync(app, user, itemId);
  const after = await transactionsHere(app, itemId);
  expect(after).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect(after.length).toBeGreaterThan(before.length);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect(await activityOf(app)).toMatchObject([
    { kind: "connected", account_count: 1 },
    { kind: "reconnected", account_count: 0 },
    { kind: "reconnected", account_count: 1 },
  ]);
});

test("finishUpdateMode keeps the log-in and adds no account when the plan has no room, and adds it later (I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const [{ max_accounts: max }] = await app.query(
    "select max_accounts from plans where id = 'intern'",
  );
  const first = Array.from({ length: max }, (_, place) => place);
  const { itemId } = await connect(app, user, first);
  await newAccounts(app, itemId);
  await updateItems(app, { status: "login_required" }, { itemId });
  const { status, error } = await update(app, user, itemId, [...first, max]);
  expect([status, error.reason]).toEqual([403, "limit_reached"]);
  expect(error.details).toMatchObject({ limit: max, used: max, wanted: 1 });
  expect(await only(itemsOf(app))).toMatchObject({ status: "good", new_accounts: true });
  expect(await accounts(app, itemId)).toHaveLength(max);
  expect((await activityOf(app)).at(-1)).toMatchObject({
    kind: "reconnected",
    reason: "limit_reached",
    account_count: 0,
  });
  expect((await compareBooks(app)).overdrafts).toBe(0);
  // It is listed, so that the user can swap it for another.
  const { items } = await app.get("/api/v1/accounts", user);
  expect(items[0].not_connected).toHaveLength(1);

  await setPlan(app, "cfo", user);
  expect((await update(app, user, itemId, [...first, max])).data.added).toBe(1);
});

test("finishUpdateMode waits for another connection of the user, however slow Plaid is", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0]);
  await updateItems(app, { status: "login_required" });
  const token = await app.publicToken("ins_109509");
  await app.fault({ path: "/accounts/get", times: 1, do: { delay: timeLimits.lock + 1_000 } });
  const connecting = app.post("/plaid/exchange-token", { public_token: token }, user);
  const exchanged = async () =>
    (await attemptsOf(app)).filter(({ status }) => status === "exchanged");
  await expect.poll(exchanged).toHaveLength(1);
  const { status, body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
  expect([status, body.result?.data.item.status]).toEqual([200, "good"]);
  expect((await connecting).body.outcome).toBe("connected");
});

test("finishUpdateMode adds a new account once when fifty updates run at once (I3)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const { itemId } = await connect(app, user, [0]);
  await newAccounts(app, itemId);
  await goThroughLink(app, await openLink(app, user, itemId), { chosen: [0, 1] });
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => app.post("/trpc/plaid.finishUpdateMode", { itemId }, user)),
  );
  const added = responses.map(({ body }) => body.result?.data.added ?? body.error.data.reason);
  expect(added.filter((one) => one === 1)).toHaveLength(1);
  expect(new Set(added.filter((one) => one !== 1 && one !== "busy"))).toEqual(new Set([0]));
  expect(await accounts(app, itemId)).toHaveLength(2);
});

test("finishUpdateMode and a page of a sync acquire their locks in one order", async ({ app }) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0]);
  await newAccounts(app, itemId);
  await goThroughLink(app, await openLink(app, user, itemId), { chosen: [0, 1] });
  // The bank has another id for the account by now, so its row is locked against rows that refer to it.
  await app.query("update accounts set plaid_account_id = 'before'");
  // The page stops where its cursor has moved and its rows are about to be written.
  await app.query(`create function wait_there() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return new; end $$`);
  await app.query(`create trigger wait_there before insert on transactions
    for each row execute function wait_there()`);
  const holder = new pg.Client(app.databaseUrl);
  holder.on("error", () => {});
  await holder.connect();
  await holder.query("select pg_advisory_lock(1)");
  const row = {
    ...{ id: "t1", accountId: "before", date: "2026-11-01", amount: "1", currency: "USD" },
    ...{ name: "Coffee", merchant: null, category: null, pending: false, pendingId: null },
  };
  const page = awaitLater(
    storePage(app.services.db, user.id, itemId, {
      ...{ kept: null, cursor: "next", midway: false, updateCursor: null, removed: [] },
      ...{ unreadable: [], endsReading: null },
      upserted: new PageRows().add([row]),
    }),
  );
  try {
    await expect.poll(() => lockWaiters(app)).toHaveLength(1);
    const ended = app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
    await expect.poll(() => lockWaiters(app)).toHaveLength(2);
    await holder.query("select pg_advisory_unlock(1)");
    expect(await page).toBe(true);
    expect((await ended).body.result?.data.added).toBe(1);
  } finally {
    await holder.end();
    await app.query("drop function wait_there cascade");
  }
});

test("finishUpdateMode keeps an unshared account as it was, which returns under its own id", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0, 1]);
  const [first, second] = await accounts(app, itemId);
  await newAccounts(app, itemId);
  const less = await update(app, user, itemId, [0]);
  expect(less.data.accounts.map(({ revoked }: { revoked: boolean }) => revoked)).toEqual([
    false,
    true,
  ]);
  // Plaid has dropped the account, and gives it another id.
  const { picked, data } = await update(app, user, itemId, [0, 1]);
  expect([picked, data.added]).toEqual([true, 0]);
  const after = await accounts(app, itemId);
  expect(after.map(({ id, revoked }) => [id, revoked])).toEqual([
    [first.id, false],
    [second.id, false],
  ]);
  expect(after[1].plaid_account_id).not.toBe(second.plaid_account_id);
});

test("finishUpdateMode recognizes an account by Plaid's id, whatever its name (I2)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0, 1]);
  await updateAccounts(app, { name: "As it was called", mask: "9999" });
  const before = await accounts(app, itemId);
  expect((await update(app, user, itemId)).data.added).toBe(0);
  expect(await accounts(app, itemId)).toEqual(before);
});

test("finishUpdateMode adds no account that another Item has, and adds the rest (I2)", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0]);
  await connect(app, user, [1]);
  await newAccounts(app, itemId);
  expect((await update(app, user, itemId, [0, 1])).data.added).toBe(0);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
  await newAccounts(app, itemId);
  expect((await update(app, user, itemId, [0, 1, 2])).data.added).toBe(1);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
});

test("createLinkToken opens update mode with the account picker on request, for any Item, healthy or not", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(app, user, [0]);
  for (const isBroken of [false, true]) {
    if (isBroken) await app.control("POST", "items/reset-login", { item_id: plaidItemId });
    const input = { itemId, chooseAccounts: true };
    const { body } = await app.post("/trpc/plaid.createLinkToken", input, user);
    const chosen = isBroken ? [0, 1, 2] : [0, 1];
    const { picked } = await goThroughLink(app, body.result.data.linkToken, { chosen });
    expect(picked).toBe(true);
    const ended = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
    expect(ended.body.result.data.added).toBe(1);
  }
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("finishUpdateMode returns that the bank is down, not that it needs a log-in, when it is", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(app, user, [0]);
  for (const [error_code, reason] of [
    ["INSTITUTION_DOWN", "bank_unavailable"],
    ["INSTITUTION_NOT_RESPONDING", "bank_unavailable"],
    ["ITEM_LOGIN_REQUIRED", "bank_login_required"],
  ]) {
    await app.control("POST", "items/error", { item_id: plaidItemId, error_code });
    const { body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
    expect(body.error.data.reason).toBe(reason);
  }
});

test("createLinkToken refuses update mode for a bank that is gone at Plaid, and keeps its data until it is connected again", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0, 1]);
  const open = async () => {
    const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, user);
    return body.error.data.reason;
  };
  await app.fault({ path: "/link/token/create", times: 1, do: { error: "INVALID_API_KEYS" } });
  expect(await open()).toBe("link_unavailable");
  const { access_token_sealed } = await only(itemsOf(app));
  await app.services.plaid.removeItem(
    app.services.vault.open(access_token_sealed, accessTokenOwner(user.id, itemId)),
    "OTHER",
  );
  expect(await open()).toBe("item_gone");
  expect(await accounts(app, itemId)).toHaveLength(2);
  const confirmation = "disconnect First Platypus Bank";
  await app.post("/api/v1/disconnections", { item_id: itemId, confirmation }, user);
  await connect(app, user, [0, 1]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("finishUpdateMode undoes USER_PERMISSION_REVOKED", async ({ app }) => {
  const user = await app.signUp("cfo");
  const { itemId } = await connect(app, user, [0]);
  await updateItems(app, { status: "revoked" }, { itemId });
  const { data } = await update(app, user, itemId);
  expect(data.item.status).toBe("good");
});
