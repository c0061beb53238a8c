import { expect } from "vitest";
import { moveAttempt } from "../../db/link-attempts.ts";
import { transitions } from "../../server/connect/attempt.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import {
  accountsOf,
  activityOf,
  attemptsOf,
  itemsOf,
  makeAttemptsDue,
  only,
  plaidItemIdOf,
  setPlan,
} from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

const platypus = "ins_109508";

interface LinkAccount {
  id: string;
  name: string;
  mask: string | null;
  type: string;
  subtype: string;
}
interface Linked {
  token: string;
  metadata: { institution: object; accounts: LinkAccount[] };
}

/** Finishes Link at First Platypus Bank. Returns what `onSuccess` passes. */
async function throughLink(app: TestApp, user: TestUser): Promise<Linked> {
  const { body } = await app.post("/plaid/create-link-token", {}, user);
  const { publicToken, metadata } = await goThroughLink(app, body.link_token, { bank: platypus });
  return { token: publicToken, metadata: metadata as Linked["metadata"] };
}

const send = (app: TestApp, user: TestUser, { token, metadata }: Linked, more: object = {}) =>
  app.post("/plaid/exchange-token", { public_token: token, metadata, ...more }, user);

const choose = (app: TestApp, user: TestUser, itemId: string, accountIds: string[]) =>
  app.post("/trpc/items.chooseAccounts", { itemId, accountIds }, user);

const names = (accounts: { name: string }[]) => accounts.map(({ name }) => name);

/** Connects a bank with four accounts, the first two of them. */
async function connectTwo(app: TestApp, user: TestUser) {
  const linked = await throughLink(app, user);
  const account_ids = linked.metadata.accounts.slice(0, 2).map(({ id }) => id);
  const { body } = await send(app, user, linked, { account_ids });
  return { ...linked, item: body.item, accounts: body.accounts };
}

const sync = (app: TestApp, user: TestUser, itemId: string) =>
  syncItem(
    app.services,
    { userId: user.id, itemId },
    app.services.log,
    new AbortController().signal,
  );

test("connectAccount refuses before the exchange with the accounts and the room, and connects the chosen ones with the same public_token (E5, I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const linked = await throughLink(app, user);
  const { accounts } = linked.metadata;
  const refused = await send(app, user, linked);
  expect([refused.status, refused.body.error.reason]).toEqual([403, "limit_reached"]);
  expect(refused.body.error.details).toEqual({
    ...{ plan: "Intern", limit: 2, used: 0, wanted: 4 },
    choice: {
      room: 2,
      accounts: accounts.map(({ id, name, mask, type, subtype }) => ({
        ...{ id, name, mask, type, subtype },
      })),
    },
  });
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(0);

  const [, second, , fourth] = accounts as [LinkAccount, LinkAccount, LinkAccount, LinkAccount];
  const { body } = await send(app, user, linked, { account_ids: [fourth.id, second.id] });
  expect(body.outcome).toBe("connected");
  expect(names(body.accounts)).toEqual([second.name, fourth.name]);
  expect(names(body.item.not_connected)).toEqual(
    names([accounts[0], accounts[2]] as LinkAccount[]),
  );
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
  expect(await app.requestsAtPlaid("/accounts/get")).toBe(1);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect(await activityOf(app)).toMatchObject([
    { kind: "refused", reason: "limit_reached" },
    { kind: "connected", account_count: 2 },
  ]);
  // The user's choice is deleted with the attempt's end.
  expect((await only(attemptsOf(app))).chosen_accounts).toBeNull();
  const list = await app.get("/api/v1/accounts", user);
  expect(names(list.items[0].not_connected)).toHaveLength(2);
  expect(await app.get("/api/v1/plan", user)).toMatchObject({ accounts_used: 2 });
});

test("connectAccount refuses without a choice when Link's metadata lists no accounts, and removes the Item (E5, I1)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const { token } = await throughLink(app, user);
  const { body } = await send(app, user, { token, metadata: {} as Linked["metadata"] });
  expect(body.error).toMatchObject({ reason: "limit_reached", details: { wanted: 4 } });
  expect(body.error.details.choice).toBeUndefined();
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});

test("connectAccount offers no choice when the plan has no room at all (E5)", async ({ app }) => {
  const user = await app.signUp("intern");
  const linked = await throughLink(app, user);
  await connectTwo(app, user);
  const { body } = await send(app, user, linked, { connect_anyway: true });
  expect(body.error).toMatchObject({ reason: "limit_reached", details: { used: 2 } });
  expect(body.error.details.choice).toBeUndefined();
});

test("connectAccount refuses more chosen accounts than there is room for, before the exchange (I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const linked = await throughLink(app, user);
  const account_ids = linked.metadata.accounts.slice(0, 3).map(({ id }) => id);
  for (const metadata of [linked.metadata, undefined]) {
    const { body } = await send(app, user, { ...linked, metadata } as Linked, { account_ids });
    expect(body.error).toMatchObject({ reason: "limit_reached", details: { wanted: 3 } });
  }
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(0);
});

test("connectAccount never exceeds the plan when choices of several banks race (I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const links = await Promise.all([0, 1, 2].map(() => throughLink(app, user)));
  const responses = await Promise.all(
    links.map((link, place) => {
      const { id } = link.metadata.accounts[place] as LinkAccount;
      return send(app, user, link, { account_ids: [id] });
    }),
  );
  const connected = responses.filter(({ status }) => status === 200);
  expect(connected.length).toBe(2);
  expect(await accountsOf(app)).toHaveLength(2);
  expect((await compareBooks(app)).overdrafts).toBe(0);
});

test("connectAccount matches a chosen account by mask, name and subtype when the bank gives it another id", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const linked = await throughLink(app, user);
  const [first, second] = linked.metadata.accounts as [LinkAccount, LinkAccount];
  second.id = "another-id";
  const { body } = await send(app, user, linked, { account_ids: [second.id, first.id] });
  expect(names(body.accounts)).toEqual([first.name, second.name]);
});

test("connectAccount keeps no bank when none of its accounts was chosen (I1)", async ({ app }) => {
  const user = await app.signUp("intern");
  const { token } = await throughLink(app, user);
  const linked = { token, metadata: undefined as never };
  const { body } = await send(app, user, linked, { account_ids: ["nothing"] });
  expect(body.error.reason).toBe("bank_accounts_required");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});

test("The recovery connects only the chosen accounts when the process died after the record, and after the exchange (I1, I3)", async ({
  app,
}) => {
  for (const death of ["recorded", "exchanged"] as const) {
    await startOver(app);
    const user = await app.signUp("intern");
    const linked = await throughLink(app, user);
    const account_ids = linked.metadata.accounts.slice(2).map(({ id }) => id);
    // Plaid is unavailable until the request has failed. Its record stays.
    const path = death === "recorded" ? "/item/public_token/exchange" : "/accounts/get";
    await app.fault({ path, times: 9, do: { error: "INTERNAL_SERVER_ERROR" } });
    const row = async () => only(attemptsOf(app));
    if (death === "exchanged") {
      // As if the process had died with the access token saved.
      await app.query(
        "alter table link_attempts add constraint stay check (status <> 'removing') not valid",
      );
    }
    await send(app, user, linked, { account_ids });
    await app.query("alter table link_attempts drop constraint if exists stay");
    expect((await row()).status).toBe(death === "recorded" ? "started" : "exchanged");
    expect((await row()).chosen_accounts).toMatchObject(
      account_ids.map((accountId) => ({ accountId })),
    );
    await app.clearFaults();
    await makeAttemptsDue(app);
    await recoverAttempts(app.services, app.services.log);
    expect(names(await accountsOf(app))).toEqual(names(linked.metadata.accounts.slice(2)));
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
    expect((await row()).chosen_accounts).toBeNull();
  }
});

test("A choice is deleted with the public_token of an attempt that the user may send again", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const linked = await throughLink(app, user);
  const account_ids = linked.metadata.accounts.slice(0, 3).map(({ id }) => id);
  await send(app, user, linked, { account_ids });
  const { id, status, chosen_accounts } = await only(attemptsOf(app));
  expect([status, chosen_accounts]).toEqual(["started", null]);
  const key = { userId: user.id, id };
  const why = { reason: "public_token_invalid", details: undefined };
  expect(await moveAttempt(app.services.db, key, transitions.fail, { why })).toBe("failed");
});

test("items.chooseAccounts swaps accounts without Link: an added one is read from the bank, a removed one keeps its id (I2, I3, I5)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const { item, accounts } = await connectTwo(app, user);
  await sync(app, user, item.id);
  const [first, second] = accounts;
  const [third] = item.not_connected;
  const swapped = await choose(app, user, item.id, [second.id, third.id]);
  const { data } = swapped.body.result;
  expect([data.added, data.removed]).toEqual([1, 1]);
  expect(data.accounts.map(({ id }: { id: string }) => id)).toEqual([second.id, third.id]);
  expect(names(data.item.notConnected)).toContain(first.name);
  expect(data.accounts[1].balances.current).not.toBeNull();
  expect(await app.query("select 1 from transactions where account_id = $1", [first.id])).toEqual(
    [],
  );
  await sync(app, user, item.id);
  const here = await app.query("select id from transactions where account_id = $1 order by id", [
    third.id,
  ]);
  expect(here).not.toEqual([]);

  const back = await choose(app, user, item.id, [first.id, second.id]);
  expect(back.body.result.data.accounts.map(({ id }: { id: string }) => id)).toEqual([
    first.id,
    second.id,
  ]);
  await sync(app, user, item.id);
  const ours = (await transactionsHere(app, item.id)).length;
  await setPlan(app, "cfo", user);
  const all = [...accounts, ...item.not_connected].map(({ id }: { id: string }) => id);
  expect((await choose(app, user, item.id, all)).body.result.data.added).toBe(2);
  await sync(app, user, item.id);
  const everything = await transactionsHere(app, item.id);
  expect(everything.length).toBeGreaterThan(ours);
  expect(everything).toEqual(await transactionsAtPlaid(app, await plaidItemIdOf(app, item.id)));
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect((await activityOf(app)).slice(1)).toMatchObject([
    { kind: "reconnected", reason: "accounts_chosen", account_count: 1 },
    { kind: "reconnected", reason: "accounts_chosen", account_count: 1 },
    { kind: "reconnected", reason: "accounts_chosen", account_count: 2 },
  ]);
});

test("items.chooseAccounts refuses more than the plan has room for, none, and another user's, and changes nothing (I3, I6)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const { item, accounts } = await connectTwo(app, user);
  const ids = accounts.map(({ id }: { id: string }) => id);
  const [third, fourth] = item.not_connected;
  const other = await app.signUp("cfo");
  const theirs = await connectTwo(app, other);
  const reason = async (accountIds: string[], who = user, itemId = item.id) => {
    const { body } = await choose(app, who, itemId, accountIds);
    return body.error?.data.reason;
  };
  expect(await reason([...ids, third.id])).toBe("limit_reached");
  expect(await reason([])).toBe("invalid_input");
  expect(await reason([theirs.accounts[0].id])).toBe("not_found");
  expect(await reason([theirs.item.not_connected[0].id])).toBe("not_found");
  expect(await reason(ids, other)).toBe("not_found");
  const before = await app.requestsAtPlaid("/accounts/get");
  const less = await choose(app, user, item.id, [ids[1]]);
  expect(less.body.result.data.removed).toBe(1);
  expect(await app.requestsAtPlaid("/accounts/get")).toBe(before);
  // Nothing is swapped when the bank fails.
  await app.fault({ path: "/accounts/get", times: 9, do: { error: "ITEM_LOGIN_REQUIRED" } });
  expect(await reason([fourth.id])).toBe("bank_login_required");
  expect(names(await accountsOf(app, user))).toEqual([accounts[1].name]);
  expect((await only(itemsOf(app, user))).status).toBe("login_required");
});

test("items.chooseAccounts keeps the limit and one row for each account when requests race (I2, I3)", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const { item, accounts } = await connectTwo(app, user);
  const [first, second, third, fourth] = [...accounts, ...item.not_connected].map(({ id }) => id);
  const sets = [
    [first, third],
    [third, fourth],
    [second, fourth],
    [first, second],
  ] as string[][];
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => choose(app, user, item.id, sets[n % 4] as string[])),
  );
  const rows = await accountsOf(app);
  expect(rows.length).toBe(2);
  const listed = await app.query("select id from unconnected_accounts");
  expect(new Set([...rows, ...listed].map(({ id }) => id)).size).toBe(4);
  expect((await compareBooks(app)).overdrafts).toBe(0);
});

test("finishUpdateMode leaves accounts that the user did not choose as they are", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const { item } = await connectTwo(app, user);
  const update = async () => {
    const { body } = await app.post("/trpc/plaid.createLinkToken", { itemId: item.id }, user);
    await goThroughLink(app, body.result.data.linkToken);
    return app.post("/trpc/plaid.finishUpdateMode", { itemId: item.id }, user);
  };
  const { data } = (await update()).body.result;
  expect([data.added, names(data.item.notConnected)]).toEqual([0, names(item.not_connected)]);
});

test("connectAccount removes an account from the list of the Item where it was not chosen, once another log-in connects it (I2)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const { item } = await connectTwo(app, user);
  const again = await throughLink(app, user);
  const { body } = await send(app, user, again);
  expect([body.outcome, names(body.accounts)]).toEqual(["connected", names(item.not_connected)]);
  const { items } = await app.get("/api/v1/accounts", user);
  expect(items.map((one: { not_connected: object[] }) => one.not_connected)).toEqual([[], []]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
});

test("items.disconnect deletes the accounts that the bank lists as not connected", async ({
  app,
}) => {
  const user = await app.signUp("intern");
  const { item } = await connectTwo(app, user);
  const confirmation = "disconnect First Platypus Bank";
  await app.post("/api/v1/disconnections", { item_id: item.id, confirmation }, user);
  expect(await app.query("select 1 from unconnected_accounts")).toEqual([]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});
