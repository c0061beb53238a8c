import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { accessTokenOwner } from "../../db/sealed.ts";
import { keepPage } from "../../db/sync-pages.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { waitingLocks } from "../support/database.ts";
import { goThroughLink } from "../support/link-session.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
});

const platypus = "ins_109508";

async function openLink(person: Person, itemId?: string): Promise<string> {
  const { body } = await app.post("/trpc/plaid.createLinkToken", itemId ? { itemId } : {}, person);
  return body.result.data.linkToken;
}

/** A bank of which the person shares only the accounts of these places. */
async function connect(person: Person, chosen: number[]) {
  const { publicToken } = await goThroughLink(app, await openLink(person), {
    bank: platypus,
    chosen,
  });
  const { body } = await app.post("/plaid/exchange-token", { public_token: publicToken }, person);
  const [{ plaid_item_id }] = await app.query("select plaid_item_id from items where id = $1", [
    body.item.id,
  ]);
  return { itemId: body.item.id as string, plaidItemId: plaid_item_id as string };
}

/** Update mode from its link_token to what the app makes of it. */
async function update(person: Person, itemId: string, chosen?: number[]) {
  const { picked } = await goThroughLink(app, await openLink(person, itemId), {
    ...(chosen ? { chosen } : {}),
  });
  const { status, body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
  return { picked, status, data: body.result?.data, error: body.error?.data };
}

const newAccounts = (itemId: string) =>
  app.query("update items set new_accounts = true where id = $1", [itemId]);

const accounts = (itemId: string) =>
  app.query(
    `select id, position, plaid_account_id, revoked_at is not null revoked from accounts
       where item_id = $1 order by position`,
    [itemId],
  );

const sync = (person: Person, itemId: string) =>
  syncItem(
    app.services,
    { userId: person.id, itemId },
    app.services.log,
    new AbortController().signal,
  );

test("NEW_ACCOUNTS_AVAILABLE: update mode asks for the accounts, and the new one comes with all that ever moved on it", async () => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(person, [0]);
  await sync(person, itemId);
  const before = await transactionsHere(app, itemId);
  expect(before.length).toBeGreaterThan(100);
  const [first] = await accounts(itemId);

  // Nothing to choose from: the person only logs in.
  expect((await update(person, itemId)).picked).toBe(false);
  await newAccounts(itemId);
  const link = await goThroughLink(app, await openLink(person, itemId), { chosen: [0, 1] });
  expect(link.picked).toBe(true);
  // A sync that comes first passes over what is of no account here.
  await sync(person, itemId);
  expect(await transactionsHere(app, itemId)).toHaveLength(before.length);
  const { body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
  const { added, accounts: shown, item } = body.result.data;
  expect([added, shown.length, item.newAccounts]).toEqual([1, 2, false]);
  expect(item.trail.steps.map(({ state }: { state: string }) => state)).toEqual([
    ...["done", "done", "waiting", "waiting", "waiting"],
  ]);
  expect((await accounts(itemId))[0]).toEqual(first);

  await sync(person, itemId);
  const after = await transactionsHere(app, itemId);
  expect(after).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect(after.length).toBeGreaterThan(before.length);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
  const entries = await app.query(
    "select kind, account_count from account_activity order by created_at",
  );
  expect(entries).toEqual([
    { kind: "connected", account_count: 1 },
    { kind: "reconnected", account_count: 0 },
    { kind: "reconnected", account_count: 1 },
  ]);
});

test("I3 new accounts that the plan has no room for do not come; the log-in stands, and they can be chosen again", async () => {
  const person = await app.signUp("intern");
  const [{ max_accounts: max }] = await app.query(
    "select max_accounts from plans where id = 'intern'",
  );
  const first = Array.from({ length: max }, (_, place) => place);
  const { itemId } = await connect(person, first);
  await newAccounts(itemId);
  await app.query("update items set status = 'login_required' where id = $1", [itemId]);
  const { status, error } = await update(person, itemId, [...first, max]);
  expect([status, error.reason]).toEqual([403, "limit_reached"]);
  expect(error.details).toMatchObject({ limit: max, used: max, wanted: 1 });
  const [item] = await app.query("select status, new_accounts from items");
  expect(item).toEqual({ status: "good", new_accounts: true });
  expect(await accounts(itemId)).toHaveLength(max);
  const [entry] = await app.query(
    "select kind, reason, account_count from account_activity order by created_at desc limit 1",
  );
  expect(entry).toEqual({ kind: "reconnected", reason: "limit_reached", account_count: 0 });
  expect((await compareBooks(app)).overdrafts).toBe(0);

  await app.query("update users set plan = 'cfo' where id = $1", [person.id]);
  expect((await update(person, itemId, [...first, max])).data.added).toBe(1);
});

test("update mode that ends while another bank is being connected waits in line with it, however slow Plaid is", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0]);
  await app.query("update items set status = 'login_required'");
  const token = await app.publicToken("ins_109509");
  await app.fault({ path: "/accounts/get", times: 1, do: { delay: timeLimits.lock + 1_000 } });
  const connecting = app.post("/plaid/exchange-token", { public_token: token }, person);
  const exchanged = "select 1 from link_attempts where status = 'exchanged'";
  await expect.poll(() => app.query(exchanged)).toHaveLength(1);
  const { status, body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
  expect([status, body.result?.data.item.status]).toEqual([200, "good"]);
  expect((await connecting).body.outcome).toBe("connected");
});

test("I3 fifty updates at once bring a new account once", async () => {
  const person = await app.signUp("analyst");
  const { itemId } = await connect(person, [0]);
  await newAccounts(itemId);
  await goThroughLink(app, await openLink(person, itemId), { chosen: [0, 1] });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => app.post("/trpc/plaid.finishUpdateMode", { itemId }, person)),
  );
  const added = answers.map(({ body }) => body.result?.data.added ?? body.error.data.reason);
  expect(added.filter((one) => one === 1)).toHaveLength(1);
  expect(new Set(added.filter((one) => one !== 1 && one !== "busy"))).toEqual(new Set([0]));
  expect(await accounts(itemId)).toHaveLength(2);
});

test("a page of a sync that is being written and the end of update mode wait for each other in one order", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0]);
  await newAccounts(itemId);
  await goThroughLink(app, await openLink(person, itemId), { chosen: [0, 1] });
  // The bank has another id for the account by now, so its row is locked from those that refer to it.
  await app.query("update accounts set plaid_account_id = 'before'");
  // The page stops where its cursor is moved and its rows are about to be written.
  await app.query(`create function wait_there() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return new; end $$`);
  await app.query(`create trigger wait_there before insert on transactions
    for each row execute function wait_there()`);
  const holder = new pg.Client(app.databaseUrl);
  await holder.connect();
  await holder.query("select pg_advisory_lock(1)");
  const row = { date: "2026-11-01", amount: "1", currency: "USD", name: "Coffee" };
  const page = keepPage(app.services.db, person.id, itemId, {
    ...{ kept: null, cursor: "next", midway: false, updateCursor: null, removed: [] },
    ...{ unreadable: [], endsReading: null },
    upserted: [
      { ...row, id: "t1", accountId: "before", merchant: null, category: null, pending: false },
    ],
  });
  try {
    await expect.poll(() => app.query(waitingLocks)).toHaveLength(1);
    const ended = app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
    await expect.poll(() => app.query(waitingLocks)).toHaveLength(2);
    await holder.query("select pg_advisory_unlock(1)");
    expect(await page).toBe(true);
    expect((await ended).body.result?.data.added).toBe(1);
  } finally {
    await holder.end();
    await app.query("drop function wait_there cascade");
  }
});

test("an account that is not shared any more stays as it was last seen, and comes back under its own id", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0, 1]);
  const [first, second] = await accounts(itemId);
  await newAccounts(itemId);
  const less = await update(person, itemId, [0]);
  expect(less.data.accounts.map(({ revoked }: { revoked: boolean }) => revoked)).toEqual([
    false,
    true,
  ]);
  // Plaid has forgotten the account, and gives it another id.
  const { picked, data } = await update(person, itemId, [0, 1]);
  expect([picked, data.added]).toEqual([true, 0]);
  const after = await accounts(itemId);
  expect(after.map(({ id, revoked }) => [id, revoked])).toEqual([
    [first.id, false],
    [second.id, false],
  ]);
  expect(after[1].plaid_account_id).not.toBe(second.plaid_account_id);
});

test("I2 an account that Plaid knows by the same id is the same one, whatever it is called by now", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0, 1]);
  await app.query("update accounts set name = 'As it was called', mask = '9999'");
  const before = await accounts(itemId);
  expect((await update(person, itemId)).data.added).toBe(0);
  expect(await accounts(itemId)).toEqual(before);
});

test("I2 an account that another Item brought does not come a second time", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0]);
  await connect(person, [1]);
  await newAccounts(itemId);
  expect((await update(person, itemId, [0, 1])).data.added).toBe(0);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 2 });
});

test("a bank that is down after update mode is said to be down, not to ask for a log-in", async () => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(person, [0]);
  for (const [error_code, reason] of [
    ["INSTITUTION_DOWN", "bank_unavailable"],
    ["INSTITUTION_NOT_RESPONDING", "bank_unavailable"],
    ["ITEM_LOGIN_REQUIRED", "bank_login_required"],
  ]) {
    await app.control("POST", "items/error", { item_id: plaidItemId, error_code });
    const { body } = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
    expect(body.error.data.reason).toBe(reason);
  }
});

test("a bank that is gone at Plaid is not reconnected but connected anew, and what is here stays until then", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0, 1]);
  const open = async () => {
    const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId }, person);
    return body.error.data.reason;
  };
  await app.fault({ path: "/link/token/create", times: 1, do: { error: "INVALID_API_KEYS" } });
  expect(await open()).toBe("link_unavailable");
  const [{ access_token_sealed }] = await app.query("select access_token_sealed from items");
  await app.services.plaid.removeItem(
    app.services.vault.open(access_token_sealed, accessTokenOwner(person.id, itemId)),
    "OTHER",
  );
  expect(await open()).toBe("item_gone");
  expect(await accounts(itemId)).toHaveLength(2);
  const confirmation = "disconnect First Platypus Bank";
  await app.post("/api/v1/disconnections", { item_id: itemId, confirmation }, person);
  await connect(person, [0, 1]);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("USER_PERMISSION_REVOKED is undone in update mode", async () => {
  const person = await app.signUp("cfo");
  const { itemId } = await connect(person, [0]);
  await app.query("update items set status = 'revoked' where id = $1", [itemId]);
  const { data } = await update(person, itemId);
  expect(data.item.status).toBe("good");
});
