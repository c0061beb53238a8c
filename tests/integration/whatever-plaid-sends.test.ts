import fc from "fast-check";
import type { KyselyPlugin } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { accessTokenOwner } from "../../db/sealed.ts";
import { readAgain } from "../../db/sync-pages.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { syncItem } from "../../server/transactions/sync-item.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { isMatrix } from "../support/matrix.ts";
import { type Change, oneChange, toPatch } from "../support/odd-values.ts";
import { transactionsAtPlaid, transactionsHere } from "../support/transactions.ts";

/** Mutated responses: 10,000 with `MATRIX=1`; a failure prints the seed that repeats it. */
const runs = Number(process.env.MATRIX_RUNS ?? (isMatrix ? 10_000 : 40));
const seed = Number(process.env.MATRIX_SEED ?? 20_261_128);
const timeout = 60_000 + runs * 200;

let app: TestApp;
beforeAll(async () => {
  // More happens here to an Item in a minute than Plaid allows.
  for (const limit of Object.values(rateLimits)) {
    limit.perClient = 1_000_000;
    if (limit.perItem) limit.perItem = 1_000_000;
  }
  app = await startTestApp({ LOG_LEVEL: "warn" }, { limits: { plaidBackoff: 1 } });
});
afterAll(() => app?.close());
afterEach(async () => {
  await app.resetPlaid();
  await app.query("delete from users");
});

const exchange = "/item/public_token/exchange";
const patch = (path: string, ...patch: object[]) =>
  app.fault({ path, times: 1, do: { patch: patch.map((each) => ({ op: "replace", ...each })) } });

async function send(person: Person, token: string) {
  return app.post("/plaid/exchange-token", { public_token: token }, person);
}
async function connect(person: Person, token = app.publicToken()) {
  const answer = await send(person, await token);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const itemId: string = answer.body.item.id;
  const [row] = await app.query("select plaid_item_id from items where id = $1", [itemId]);
  return { itemId, plaidItemId: row?.plaid_item_id as string, body: answer.body };
}
const signal = new AbortController().signal;
const sync = (person: Person, itemId: string, services = app.services) =>
  syncItem(services, { userId: person.id, itemId }, services.log, signal);
const listed = async (person: Person) => (await app.get("/api/v1/accounts", person)).items;
const logged = (event: string) =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

/** What a page asks for, and the pages themselves. */
const reads = ["/api/v1/accounts", "/api/v1/transactions", "/api/v1/insights/net-worth"];
const pages = ["/dashboard", "/transactions"];
/** A status for each place where the user's banks and transactions are read. */
async function statuses(person: Person, paths = [...reads, ...pages]): Promise<number[]> {
  return Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`${app.url}${path}`, { headers: { cookie: person.cookie } });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}

test("one transaction of 500 that cannot be read costs the other 499 no more than one statement, and says so until it can", async () => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(person);
  await sync(person, itemId);
  const page = async (...bad: object[]) => {
    await app.control("POST", "items/transactions", { item_id: plaidItemId, added: 500 });
    if (bad.length > 0) await patch("/transactions/sync", ...bad);
    let statements = 0;
    const counter: KyselyPlugin = {
      transformQuery: ({ node }) => {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    const db = app.services.db.withPlugin(counter);
    expect(await sync(person, itemId, { ...app.services, db })).toBe("done");
    return statements;
  };
  const clean = await page();
  expect(await page({ path: "/added/250/amount", value: null })).toBeLessThanOrEqual(clean + 1);
  const here = new Set((await transactionsHere(app, itemId)).map(({ id }) => id));
  const missing = (await transactionsAtPlaid(app, plaidItemId)).filter(({ id }) => !here.has(id));
  expect(missing).toHaveLength(1);
  const line = logged("plaid_unreadable").at(-1);
  expect([line.count, line.kind, line.rows]).toEqual([
    1,
    "transaction",
    [{ id: missing[0]?.id, field: "amount" }],
  ]);
  expect((await listed(person))[0].unreadable).toEqual({ transactions: 1, accounts: 0 });
  const html = await fetch(`${app.url}/transactions`, { headers: { cookie: person.cookie } });
  expect(await html.text()).toContain("1 transaction could not be read");

  // The bank sends all of them again, as they should be.
  const [{ cursor }] = await app.query("select cursor from item_syncs");
  await readAgain(app.services.db, person.id, itemId, { kept: cursor, refused: false });
  expect(await sync(person, itemId)).toBe("done");
  expect(await transactionsHere(app, itemId)).toEqual(await transactionsAtPlaid(app, plaidItemId));
  expect((await listed(person))[0].unreadable.transactions).toBe(0);
});

test("a transaction that cannot be read when it changes stays as it was, and one that is removed is not told of any more", async () => {
  const person = await app.signUp("cfo");
  const { itemId, plaidItemId } = await connect(person);
  await sync(person, itemId);
  const before = await transactionsHere(app, itemId);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, modified: 1 });
  await patch("/transactions/sync", { path: "/modified/0/date", value: "soon" });
  await sync(person, itemId);
  expect(await transactionsHere(app, itemId)).toEqual(before);
  const [{ id }] = await app.query("select id from unreadable_transactions");
  expect(before.some((one) => one.id === id)).toBe(true);
  await app.control("POST", "items/transactions", { item_id: plaidItemId, removed: 1 });
  await patch("/transactions/sync", { path: "/removed/0/transaction_id", value: id });
  await sync(person, itemId);
  expect((await listed(person))[0].unreadable.transactions).toBe(0);
});

test("I1 a NUL in the bank's name, in the request's id or in a merchant's name stops nothing", async () => {
  const person = await app.signUp("cfo");
  await patch(exchange, { path: "/request_id", value: "a\0b\ud800" });
  await patch("/accounts/get", { path: "/item/institution_name", value: "First\0Bank \ud800" });
  const { itemId, body } = await connect(person);
  expect(body.item.institution.name).toBe("FirstBank");
  await patch("/transactions/sync", { path: "/added/0/merchant_name", value: "Cof\0fee" });
  expect(await sync(person, itemId)).toBe("done");
  expect(await app.query("select 1 from transactions where merchant = 'Coffee'")).toHaveLength(1);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("a currency code of 20 letters is none, and every page is shown", async () => {
  const person = await app.signUp("cfo");
  const codes = (at: string) => [
    { path: `${at}/iso_currency_code`, value: null },
    { path: `${at}/unofficial_currency_code`, value: "ABCDEFGHIJKLMNOPQRST" },
  ];
  await patch("/accounts/get", ...codes("/accounts/0/balances"));
  const { itemId, body } = await connect(person);
  expect(body.accounts[0].balances.currency).toBeNull();
  await patch("/transactions/sync", ...[...codes("/added/0"), ...codes("/accounts/1/balances")]);
  expect(await sync(person, itemId)).toBe("done");
  expect(await statuses(person)).toEqual([200, 200, 200, 200, 200]);
});

test("balances that cannot be read stay as the bank gave them last, and the card says so", async () => {
  const person = await app.signUp("cfo");
  await patch("/accounts/get", { path: "/accounts/0/balances/current", value: 1e300 });
  const { itemId, body } = await connect(person);
  expect(body.accounts[0].balances.current).toBeNull();
  expect(body.item.unreadable).toEqual({ transactions: 0, accounts: 1 });
  await sync(person, itemId);
  const [item] = await listed(person);
  expect(item.unreadable.accounts).toBe(0);
  expect(item.accounts[0].balances.current).not.toBeNull();
  await patch("/transactions/sync", { path: "/accounts/0/balances/current", value: "a lot" });
  await sync(person, itemId);
  const [now] = await listed(person);
  expect([now.unreadable.accounts, now.accounts]).toEqual([1, item.accounts]);
});

test("an account without an id that can be used, and one under the id of another bank's, are left out", async () => {
  const person = await app.signUp("cfo");
  const other = await connect(person, app.publicToken("ins_109510"));
  const [{ plaid_account_id: foreign }] = await app.query("select plaid_account_id from accounts");
  await patch(
    "/accounts/get",
    { path: "/accounts/0/account_id", value: "a\0b" },
    { path: "/accounts/1/account_id", value: foreign },
  );
  const { body } = await connect(person);
  expect(body.accounts).toHaveLength(2);
  expect(body.item.unreadable.accounts).toBe(1);
  expect(logged("plaid_unreadable").map(({ rows }) => rows[0].id)).toContain(foreign);
  expect(await statuses(person)).toEqual([200, 200, 200, 200, 200]);
  expect((await compareBooks(app)).orphans).toBe(0);
  expect(other.body.accounts.length).toBeGreaterThan(0);
});

test("I1 an exchange that does not say the Item's id asks for it, and leaves no Item behind where that fails too", async () => {
  const person = await app.signUp("cfo");
  await patch(exchange, { path: "/item_id", value: null });
  await connect(person);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
  await patch(exchange, { path: "/item_id", value: "a\0b" });
  await app.fault({ path: "/item/get", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const refused = await send(person, await app.publicToken("ins_109510"));
  expect(refused.body.error.reason).toBe("plaid_refused");
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test(
  "I1 no page fails, no sync is stuck and no Item is orphaned, whatever one value of Plaid's is",
  async () => {
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
    const { itemId, plaidItemId } = await connect(person, token());
    const samples = await samplesOf(person, itemId);
    const update = "update item_syncs set cursor = null, midway = false, reread_cursor = null";

    let shown = 0;
    /** What a page asks for is there each time; every tenth time the pages are rendered, which takes longer. */
    async function expectShown(user: Person): Promise<void> {
      const failed = await statuses(user, shown++ % 10 === 0 ? [...reads, ...pages] : reads);
      expect(failed.filter((status) => status !== 200)).toEqual([]);
    }
    /** Plaid's response to the sync is changed; the next sync goes on, and every page is shown. */
    async function whileSyncing(path: string, change: Change): Promise<void> {
      await app.query(update);
      await app.fault({ path, times: 1, do: { patch: [toPatch(change)] } });
      expect(["done", "not_ready"]).toContain(await sync(person, itemId));
      await app.clearFaults();
      expect(await sync(person, itemId)).toBe("done");
      await expectShown(person);
    }
    /** Plaid's response to a connection is changed: it ends as a bank, or as none. */
    async function whileConnecting(path: string, change: Change): Promise<void> {
      const user = await app.signUp("cfo");
      if (path === "/institutions/get_by_id") {
        await patch("/accounts/get", { path: "/item/institution_name", value: null });
      }
      await app.fault({ path, times: 1, do: { patch: [toPatch(change)] } });
      const { status, body } = await send(user, await token());
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

    await app.query("update link_attempts set retry_at = now()");
    await recoverAttempts(app.services, app.services.log);
    const { connected, lost, ...books } = await compareBooks(app);
    const { lost: _, ...wanted } = right;
    expect([books, connected > 1]).toEqual([wanted, true]);
    expect(lost).toBeLessThan(Math.max(runs / 10, 8));
    const [{ cursor }] = await app.query("select cursor from item_syncs where item_id = $1", [
      itemId,
    ]);
    await readAgain(app.services.db, person.id, itemId, { kept: cursor, refused: false });
    expect(await sync(person, itemId)).toBe("done");
    expect(await transactionsHere(app, itemId)).toEqual(
      await transactionsAtPlaid(app, plaidItemId),
    );
    expect((await listed(person))[0].unreadable).toEqual({ transactions: 0, accounts: 0 });
  },
  timeout,
);

/** What Plaid answers to each call of a connection and a sync; `keeps` are fields that must be right. */
async function samplesOf(person: Person, itemId: string) {
  const [{ access_token_sealed: sealed }] = await app.query(
    "select access_token_sealed from items where id = $1",
    [itemId],
  );
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
