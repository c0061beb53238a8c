import fc from "fast-check";
import type { KyselyPlugin } from "kysely";
import { beforeAll, expect } from "vitest";
import { accessTokenOwner } from "../../db/sealed.ts";
import { readAgain } from "../../db/sync-pages.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import type { Person, TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";
import { type Change, oneChange, toPatch } from "../support/odd-values.ts";
import { recover } from "../support/recover.ts";
import { accountsOf, deleteUsers, itemsOf, only, plaidItemIdOf, syncsOf } from "../support/rows.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

/** Mutated responses: 10,000 with `MATRIX=1`; a failure prints the seed that repeats it. */
const runs = Number(process.env.MATRIX_RUNS ?? (isMatrix ? 10_000 : 40));
const seed = Number(process.env.MATRIX_SEED ?? 20_261_128);
const timeout = 60_000 + runs * 200;

const test = testWithApp({ LOG_LEVEL: "warn" }, { limits: { plaidBackoff: 1 } });
beforeAll(() => {
  // More happens here to an Item in a minute than Plaid allows.
  for (const limit of Object.values(rateLimits)) {
    limit.perClient = 1_000_000;
    if (limit.perItem) limit.perItem = 1_000_000;
  }
});
test.afterEach(async ({ app }) => {
  await app.resetPlaid();
  await deleteUsers(app);
});

const exchange = "/item/public_token/exchange";
const patch = (app: TestApp, path: string, ...patch: object[]) =>
  app.fault({ path, times: 1, do: { patch: patch.map((each) => ({ op: "replace", ...each })) } });

async function send(app: TestApp, person: Person, token: string) {
  return app.post("/plaid/exchange-token", { public_token: token }, person);
}
async function connect(app: TestApp, person: Person, token = app.publicToken()) {
  const answer = await send(app, person, await token);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const itemId: string = answer.body.item.id;
  const plaidItemId = await plaidItemIdOf(app, itemId);
  return { itemId, plaidItemId, body: answer.body };
}
const signal = new AbortController().signal;
const sync = (app: TestApp, person: Person, itemId: string, services = app.services) =>
  syncItem(services, { userId: person.id, itemId }, services.log, signal);
const listed = async (app: TestApp, person: Person) =>
  (await app.get("/api/v1/accounts", person)).items;
const logged = (app: TestApp, event: string) =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

/** What a page asks for, and the pages themselves. */
const reads = ["/api/v1/accounts", "/api/v1/transactions", "/api/v1/insights/net-worth"];
const pages = ["/dashboard", "/transactions"];
/** A status for each place where the user's banks and transactions are read. */
async function statuses(
  app: TestApp,
  person: Person,
  paths = [...reads, ...pages],
): Promise<number[]> {
  return Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`${app.url}${path}`, { headers: { cookie: person.cookie } });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}

test("syncItem stores 499 of 500 transactions in one more statement when one is unreadable, and shows so until it is readable", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(app, person);
  await sync(app, person, itemId);
  const page = async (...bad: object[]) => {
    await app.control("POST", "items/transactions", { item_id: plaidItemId, added: 500 });
    if (bad.length > 0) await patch(app, "/transactions/sync", ...bad);
    let statements = 0;
    const counter: KyselyPlugin = {
      transformQuery: ({ node }) => {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const db = app.services.db.withPlugin(counter);
    expect(await sync(app, person, itemId, { ...app.services, db })).toBe("done");
    return statements;
  };
  const clean = await page();
  expect(await page({ path: "/added/250/amount", value: null })).toBeLessThanOrEqual(clean + 1);
  const here = new Set((await transactionsHere(app, itemId)).map(({ id }) => id));
  const missing = (await transactionsAtPlaid(app, plaidItemId)).filter(({ id }) => !here.has(id));
  expect(missing).toHaveLength(1);
  const line = logged(app, "plaid_unreadable").at(-1);
  expect([line.count, line.kind, line.rows]).toEqual([
    1,
    "transaction",
    [{ id: missing[0]?.id, field: "amount" }],
  ]);
  expect((await listed(app, person))[0].unreadable).toEqual({ transactions: 1, accounts: 0 });
  const html = await fetch(`${app.url}/transactions`, { headers: { cookie: person.cookie } });
  expect(await html.text()).toContain("1 transaction could not be read");

  // The bank sends all of them again, as they should be.
  const { cursor } = await only(syncsOf(app));
  await readAgain(app.services.db, person.id, itemId, { kept: cursor, refused: false });
  expect(await sync(app, person, itemId)).toBe("done");
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect((await listed(app, person))[0].unreadable.transactions).toBe(0);
});

test("syncItem keeps a transaction that becomes unreadable, and stops counting one that is removed", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(app, person);
  await sync(app, person, itemId);
  const before = await transactionsHere(app, itemId);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, modified: 1 });
  await patch(app, "/transactions/sync", { path: "/modified/0/date", value: "soon" });
  await sync(app, person, itemId);
  expect(await transactionsHere(app, itemId)).toEqual(before);
  const [{ id }] = await app.query("select id from unreadable_transactions");
  expect(before.some((one) => one.id === id)).toBe(true);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, removed: 1 });
  await patch(app, "/transactions/sync", { path: "/removed/0/transaction_id", value: id });
  await sync(app, person, itemId);
  expect((await listed(app, person))[0].unreadable.transactions).toBe(0);
});

test("connectAccount and syncItem work when the bank's name, request id or merchant has a NUL (I1)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  await patch(app, exchange, { path: "/request_id", value: "a\0b\ud800" });
  await patch(app, "/accounts/get", {
    path: "/item/institution_name",
    value: "First\0Bank \ud800",
  });
  const { itemId, body } = await connect(app, person);
  expect(body.item.institution.name).toBe("FirstBank");
  await patch(app, "/transactions/sync", { path: "/added/0/merchant_name", value: "Cof\0fee" });
  expect(await sync(app, person, itemId)).toBe("done");
  expect(await app.query("select 1 from transactions where merchant = 'Coffee'")).toHaveLength(1);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("Every page is shown when a currency code has 20 letters", async ({ app }) => {
  const person = await app.signUp("cfo");
  const codes = (at: string) => [
    { path: `${at}/iso_currency_code`, value: null },
    { path: `${at}/unofficial_currency_code`, value: "ABCDEFGHIJKLMNOPQRST" },
  ];
  await patch(app, "/accounts/get", ...codes("/accounts/0/balances"));
  const { itemId, body } = await connect(app, person);
  expect(body.accounts[0].balances.currency).toBeNull();
  await patch(
    app,
    "/transactions/sync",
    ...[...codes("/added/0"), ...codes("/accounts/1/balances")],
  );
  expect(await sync(app, person, itemId)).toBe("done");
  expect(await statuses(app, person)).toEqual([200, 200, 200, 200, 200]);
});

test("syncItem keeps the last balances when new ones are unreadable, and the card says so", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  await patch(app, "/accounts/get", { path: "/accounts/0/balances/current", value: 1e300 });
  const { itemId, body } = await connect(app, person);
  expect(body.accounts[0].balances.current).toBeNull();
  expect(body.item.unreadable).toEqual({ transactions: 0, accounts: 1 });
  await sync(app, person, itemId);
  const [item] = await listed(app, person);
  expect(item.unreadable.accounts).toBe(0);
  expect(item.accounts[0].balances.current).not.toBeNull();
  await patch(app, "/transactions/sync", { path: "/accounts/0/balances/current", value: "a lot" });
  await sync(app, person, itemId);
  const [now] = await listed(app, person);
  expect([now.unreadable.accounts, now.accounts]).toEqual([1, item.accounts]);
});

test("connectAccount leaves out accounts without a usable id, or with the id of another bank's", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const other = await connect(app, person, app.publicToken("ins_109510"));
  const foreign = (await accountsOf(app))[0]?.plaid_account_id;
  await patch(
    app,
    "/accounts/get",
    { path: "/accounts/0/account_id", value: "a\0b" },
    { path: "/accounts/1/account_id", value: foreign },
  );
  const { body } = await connect(app, person);
  expect(body.accounts).toHaveLength(2);
  expect(body.item.unreadable.accounts).toBe(1);
  expect(logged(app, "plaid_unreadable").map(({ rows }) => rows[0].id)).toContain(foreign);
  expect(await statuses(app, person)).toEqual([200, 200, 200, 200, 200]);
  expect((await compareBooks(app)).orphans).toBe(0);
  expect(other.body.accounts.length).toBeGreaterThan(0);
});

test("connectAccount reads the Item's id when the exchange lacks it, and leaves no Item when that fails (I1)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  await patch(app, exchange, { path: "/item_id", value: null });
  await connect(app, person);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
  await patch(app, exchange, { path: "/item_id", value: "a\0b" });
  await app.fault({ path: "/item/get", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const refused = await send(app, person, await app.publicToken("ins_109510"));
  expect(refused.body.error.reason).toBe("plaid_refused");
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test(
  "Pages, syncs and Items survive any single wrong value in Plaid's responses (I1)",
  async ({ app }) => {
    const password = JSON.stringify({
      override_accounts: ["Checking", "Savings"].map((name, n) => ({
        type: "depository",
        subtype: name.toLowerCase(),
        starting_balance: 100 + n,
        meta: { name, mask: `000${n}` },
        transactions: [1, 2, 3].map((day) => ({
          date_transacted: new Date(Date.now() - day * 86_400_000).toISOString().slice(0, 10),
          date_posted: new Date(Date.now() - day * 86_400_000).toISOString().slice(0, 10),
          currency: "USD",
          amount: day,
          description: `Shop ${day}`,
        })),
      })),
    });
    const token = () => app.publicToken("ins_109508", "user_custom", password);
    const person = await app.signUp("cfo");
    const { itemId, plaidItemId } = await connect(app, person, token());
    const samples = await samplesOf(app, person, itemId);
    const update = "update item_syncs set cursor = null, midway = false, reread_cursor = null";

    let shown = 0;
    /** What a page asks for is there each time; every tenth time the pages are rendered, which takes longer. */
    async function expectShown(user: Person): Promise<void> {
      const failed = await statuses(app, user, shown++ % 10 === 0 ? [...reads, ...pages] : reads);
      expect(failed.filter((status) => status !== 200)).toEqual([]);
    }
    /** Plaid's response to the sync is changed; the next sync goes on, and every page is shown. */
    async function whileSyncing(path: string, change: Change): Promise<void> {
      await app.query(update);
      await app.fault({ path, times: 1, do: { patch: [toPatch(change)] } });
      expect(["done", "not_ready"]).toContain(await sync(app, person, itemId));
      await app.clearFaults();
      expect(await sync(app, person, itemId)).toBe("done");
      await expectShown(person);
    }
    /** Plaid's response to a connection is changed: it ends as a bank, or as none. */
    async function whileConnecting(path: string, change: Change): Promise<void> {
      const user = await app.signUp("cfo");
      if (path === "/institutions/get_by_id") {
        await patch(app, "/accounts/get", { path: "/item/institution_name", value: null });
      }
      await app.fault({ path, times: 1, do: { patch: [toPatch(change)] } });
      const { status, body } = await send(app, user, await token());
      await app.clearFaults();
      if (status !== 200) expect(["exchange_lost", "connect_failed"]).toContain(body.error.reason);
      await expectShown(user);
    }
    const changes = fc.oneof(
      ...samples.map((sample) =>
        fc.record({ sample: fc.constant(sample), change: oneChange(sample.body) }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(changes, async ({ sample, change }) => {
        const { path, isSync, keeps } = sample;
        // A token or an id that is another, and not to be told from one, is nothing that can be survived.
        const isAnother = typeof change.value === "string" && /^[\x21-\x7e]+$/.test(change.value);
        fc.pre(!(keeps.includes(change.path.join("/")) && isAnother));
        await (isSync ? whileSyncing : whileConnecting)(path, change);
      }),
      { numRuns: runs, seed, endOnFailure: true, skipAllAfterTimeLimit: timeout },
    );

    await recover(app);
    const { connected, lost, ...books } = await compareBooks(app);
    const { lost: _, ...wanted } = right;
    expect([books, connected > 1]).toEqual([wanted, true]);
    expect(lost).toBeLessThan(Math.max(runs / 10, 8));
    const cursor = (await syncsOf(app)).find(({ item_id }) => item_id === itemId)?.cursor ?? null;
    await readAgain(app.services.db, person.id, itemId, { kept: cursor, refused: false });
    expect(await sync(app, person, itemId)).toBe("done");
    expect(await transactionsHere(app, itemId)).toEqual(
      await transactionsAtPlaid(app, plaidItemId),
    );
    expect((await listed(app, person))[0].unreadable).toEqual({ transactions: 0, accounts: 0 });
  },
  timeout,
);

/** What Plaid answers to each call of a connection and a sync; `keeps` are fields that must be right. */
async function samplesOf(app: TestApp, person: Person, itemId: string) {
  const sealed =
    (await itemsOf(app, person)).find(({ id }) => id === itemId)?.access_token_sealed ?? "";
  const { vault } = app.services;
  const call = async (path: string, body: object) => {
    const response = await fetch(`${app.sandboxUrl}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "plaid-client-id": app.env.PLAID_CLIENT_ID as string,
        "plaid-secret": app.env.PLAID_SECRET as string,
      },
      body: JSON.stringify(body),
    });
    expect(response.status, path).toBe(200);
    return (await response.json()) as object;
  };
  const access_token = vault.open(sealed, accessTokenOwner(person.id, itemId)).reveal();
  const bank = { institution_id: "ins_109508", country_codes: ["US"] };
  return [
    {
      path: "/transactions/sync",
      body: await call("/transactions/sync", { access_token }),
      isSync: true,
      keeps: [],
    },
    {
      path: "/accounts/get",
      body: await call("/accounts/get", { access_token }),
      isSync: false,
      keeps: [],
    },
    {
      path: "/institutions/get_by_id",
      body: await call("/institutions/get_by_id", bank),
      isSync: false,
      keeps: [],
    },
    {
      path: exchange,
      body: { access_token: "access", item_id: "item", request_id: "request" },
      isSync: false,
      keeps: ["access_token", "item_id"],
    },
  ] as { path: string; body: object; isSync: boolean; keeps: string[] }[];
}
