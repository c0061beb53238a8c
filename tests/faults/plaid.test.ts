import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { SharedRuns } from "../../server/connect/shared-runs.ts";
import { FiscilityError } from "../../server/contracts/errors.ts";
import { createPlaidAdapter, type PlaidAdapter } from "../../server/plaid/plaid-adapter.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { createPlaidLimiter } from "../../server/rate-limits/plaid-limiter.ts";
import { Secret } from "../../server/vault/secret.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { endConnections } from "../support/database-faults.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { casesOf } from "../support/matrix.ts";
import { recover } from "../support/recover.ts";
import {
  activityOf,
  attemptsOf,
  makeAttemptsDue,
  only,
  setPlan,
  updateItems,
} from "../support/rows.ts";

/** Tests with a hanging Plaid use shorter timeouts. */
const limits = { plaidCall: 300, plaidBackoff: 10, connectWait: 1_000, connectDeadline: 1_500 };

const test = testWithApp({}, { limits });
test.beforeEach(({ app }) => startOver(app));

const send = (app: TestApp, token: string, user: TestUser) =>
  app.post("/plaid/exchange-token", { public_token: token }, user);

const faults = [
  { error: "RATE_LIMIT_EXCEEDED" },
  { error: "INTERNAL_SERVER_ERROR" },
  { error: "PLANNED_MAINTENANCE" },
  { error: "INSTITUTION_DOWN" },
  { error: "INSTITUTION_NOT_RESPONDING" },
  { error: "ITEM_LOGIN_REQUIRED" },
  { error: "INVALID_API_KEYS" },
  { error: "INVALID_FIELD" },
  { hang: true },
  { drop: "before" },
  { drop: "after" },
  { malformed: true },
];
const calls = ["/item/public_token/exchange", "/accounts/get", "/item/remove"];
const matrix = calls.flatMap((path) => faults.map((fault) => [path, fault] as const));

/** The faults that the product handles differently. Other error codes are handled like this one. */
const everyRun = ([, fault]: (typeof matrix)[number]) =>
  !("error" in fault) || fault.error === "INSTITUTION_DOWN";

test.for(casesOf(matrix, everyRun))(
  "connectAccount leaves no orphan, duplicate or partial write when %s fails with %j, and one entry for each ending (I1, I2, I4, I8)",
  async ([path, fault], { app }) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    // A removal is sent when the accounts could not be read.
    const accounts = { path: "/accounts/get", times: 1, do: { error: "INSTITUTION_DOWN" } };
    await app.fault({ path, times: 50, do: fault }, ...(path === "/item/remove" ? [accounts] : []));
    const response = await send(app, token, user);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.body.error.reason).not.toBe("internal");
    expect(response.body.error.message.length).toBeGreaterThan(20);

    await app.clearFaults();
    await recover(app);
    const acted = "drop" in fault ? fault.drop === "after" : "malformed" in fault;
    const lost = path === "/item/public_token/exchange" && acted ? 1 : 0;
    const books = await compareBooks(app);
    expect(books).toEqual({ ...noDifferences, lost, connected: books.connected });

    // What the user does next: first the same again, then a new connection.
    const again = await send(app, token, user);
    if (books.connected) expect(again.body.outcome).toBe("already_connected");
    const later = await send(app, await app.publicToken(), user);
    expect(["connected", "already_connected"]).toContain(later.body.outcome);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, lost, connected: 1 });
    const entries = await app.query(
      "select attempt_id, count(*)::int n from account_activity where kind = 'connected' group by 1",
    );
    expect(entries.map(({ n }) => n)).toEqual([1]);
  },
);

const updates = ["/item/get", "/accounts/get"].flatMap((path) =>
  faults.map((fault) => [path, fault] as const),
);

test.for(casesOf(updates, everyRun))(
  "finishUpdateMode changes nothing and can be retried when %s fails with %j (I3, I4)",
  async ([path, fault], { app }) => {
    const user = await app.signUp("analyst");
    const { body } = await send(app, await app.publicToken(), user);
    const itemId = body.item.id;
    await updateItems(app, { status: "login_required", new_accounts: true });
    await app.query("delete from accounts where position = 0");
    const state = () =>
      app.query(
        `select status, new_accounts, data_version, (select count(*)::int from accounts) accounts,
           (select count(*)::int from account_activity) entries
         from items join users on users.id = items.user_id`,
      );
    const before = await state();
    await app.fault({ path, times: 50, do: fault });
    const finish = () => app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
    const response = await finish();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.body.error.data.reason).not.toBe("internal");
    expect(await state()).toEqual(before);
    await app.clearFaults();
    expect((await finish()).body.result.data.added).toBe(1);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, lost: 0, connected: 1 });
  },
);

test("connectAccount retries a 429 and a lost connection within the deadline, unseen by the user", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const fault = (path: string, what: object) => ({ path, times: 1, do: what });
  await app.fault(
    fault("/item/public_token/exchange", { error: "RATE_LIMIT_EXCEEDED", retry_after: 1 }),
    fault("/item/public_token/exchange", { drop: "before" }),
    fault("/accounts/get", { error: "INTERNAL_SERVER_ERROR" }),
  );
  const limits = { ...app.services.limits, connectDeadline: 5_000 };
  const started = performance.now();
  expect(await connectWith(app, { limits }, await app.publicToken(), user)).toBe("connected");
  // It waited for Retry-After.
  expect(performance.now() - started).toBeGreaterThan(1_000);
});

test("connectAccount does not retry a refusal", async ({ app }) => {
  const user = await app.signUp("analyst");
  await app.fault({ path: "/accounts/get", times: 5, do: { error: "ITEM_LOGIN_REQUIRED" } });
  await send(app, await app.publicToken(), user);
  expect(await app.requestsAtPlaid("/accounts/get")).toBe(1);
});

test("Recovery retries a removal until Plaid confirms it, backing off, and lists it meanwhile", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  await app.fault(
    { path: "/accounts/get", times: 1, do: { error: "INSTITUTION_DOWN" } },
    { path: "/item/remove", times: 50, do: { error: "INTERNAL_SERVER_ERROR" } },
  );
  await send(app, await app.publicToken(), user);
  await recover(app);
  await recover(app);
  const stuck = await only(attemptsOf(app));
  expect(stuck).toMatchObject({ status: "removing", tries: 3 });
  expect(stuck.retry_at.getTime()).toBeGreaterThan(Date.now() + 100_000);
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, lost: 0, connected: 0 });
});

test("Recovery begins nothing more once its worker stops, and the next pass continues", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  await app.fault(
    { path: "/accounts/get", times: 60, do: { error: "INSTITUTION_DOWN" } },
    { path: "/item/remove", times: 60, do: { error: "INTERNAL_SERVER_ERROR" } },
  );
  for (let n = 0; n < 6; n += 1) await send(app, await app.publicToken(), user);
  await app.clearFaults();
  await makeAttemptsDue(app);
  const stopping = new AbortController();
  const { removeItem } = app.services.plaid;
  const removals: Promise<unknown>[] = [];
  const plaid = {
    ...app.services.plaid,
    removeItem: (...args: Parameters<typeof removeItem>) => {
      stopping.abort();
      const removal = removeItem(...args);
      removals.push(removal);
      return removal;
    },
  };
  const { log } = app.services;
  expect(await recoverAttempts({ ...app.services, plaid }, log, stopping.signal)).toBe(4);
  expect(removals).toHaveLength(4);
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, lost: 0, connected: 0 });
});

test("connectAccount does not retry the removal of an Item it could not save beyond its time limit, when Plaid hangs", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  await app.fault({ path: "/item/remove", times: 9, do: { hang: true } });
  const onStep = (step: string) => {
    if (step === "exchange") throw new Error("the access token is not saved");
  };
  expect(await connectWith(app, { onStep }, await app.publicToken(), user)).toBe("outcome_pending");
  // One call under the user's lock, and one after the lock is released.
  expect(await app.requestsAtPlaid("/item/remove")).toBe(2);
});

test("Our own rate limit returns busy before Plaid's limit of an Item is reached, and the token still works", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  await app.control("POST", "settings", { rate_limits: true });
  const first = await send(app, await app.publicToken(), user);
  const itemId = first.body.item.id;
  const responses = [];
  for (let n = 0; n < 20; n += 1) {
    responses.push(await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user));
  }
  // The connection has called /accounts/get once.
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(14);
  const busy = responses.find(({ status }) => status !== 200);
  expect(busy?.body.error.data.reason).toBe("busy");
  expect(busy?.body.error.data.details.retryAfterSeconds).toBeGreaterThan(30);
  expect(await app.requestsAtPlaid("/accounts/get")).toBe(15);
  expect(await app.requestsAtPlaid("/item/get")).toBe(15);
});

test("Two client ids that share one counter have limits of their own", async ({ app }) => {
  const limiter = createPlaidLimiter(null);
  const [one, other] = ["one", "other"].map((clientId) =>
    createPlaidAdapter(
      { ...app.services.config.plaid, clientId },
      limiter,
      app.services.log,
      app.services.limits,
    ),
  ) as [PlaidAdapter, PlaidAdapter];
  const usual = rateLimits["/item/remove"] as (typeof rateLimits)[string];
  rateLimits["/item/remove"] = { perClient: 1 };
  try {
    // Plaid rejects this invented token. The test only checks whether it is called.
    const remove = ({ removeItem }: PlaidAdapter) =>
      removeItem(new Secret(`access-sandbox-${randomUUID()}`), "OTHER").catch(
        ({ reason }) => reason,
      );
    expect(await remove(one)).toBe("plaid_refused");
    expect(await remove(one)).toBe("busy");
    expect(await remove(other)).toBe("plaid_refused");
  } finally {
    rateLimits["/item/remove"] = usual;
  }
});

/** Where one run stops until another has continued. */
function gate() {
  let reached = false;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    pass() {
      reached = true;
      return opened;
    },
    reached: () => expect.poll(() => reached).toBe(true),
    open,
  };
}

/** Connects as on another node, with the services in `other` replaced. Resolves to the outcome, or the reason. */
const connectWith = (
  app: TestApp,
  other: Partial<TestApp["services"]>,
  publicToken: string,
  user: TestUser,
) =>
  connectAccount(
    { ...app.services, sharedRuns: new SharedRuns(app.services.limits), ...other },
    { id: user.id },
    { publicToken },
    app.services.log,
  ).then(
    ({ outcome }) => outcome,
    (error) => error.reason,
  );

/** The database of a run whose transaction is lost, which writes its ending late: when `ending` is open. */
const lateEnding = (app: TestApp, ending: ReturnType<typeof gate>) =>
  new Proxy(app.services.db, {
    get(db, name) {
      const value = Reflect.get(db, name);
      if (typeof value !== "function") return value;
      if (name !== "transaction") return value.bind(db);
      return () => ({
        execute: async (work: Parameters<ReturnType<typeof db.transaction>["execute"]>[0]) => {
          await ending.pass();
          return db.transaction().execute(work);
        },
      });
    },
  });

/** PostgreSQL ends every transaction that waits for Plaid, which releases their locks. One may still run a query. */
const loseTransactions = (app: TestApp) =>
  expect.poll(() => endConnections(app, "state = 'idle in transaction'")).not.toHaveLength(0);

test("connectAccount removes the Item and keeps no row when a run whose transaction is lost ends it during another run (I1, I4)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const ending = gate();
  const { plaid } = app.services;
  const failing: PlaidAdapter = {
    ...plaid,
    getAccounts: async () => {
      await loseTransactions(app);
      throw new FiscilityError("bank_unavailable");
    },
  };
  const first = connectWith(app, { db: lateEnding(app, ending), plaid: failing }, token, user);
  await ending.reached();

  // The second run finds the attempt exchanged, and has its accounts read when the first writes its ending.
  const accounts = gate();
  const slow: PlaidAdapter = {
    ...plaid,
    getAccounts: async (...how) => {
      const found = await plaid.getAccounts(...how);
      await accounts.pass();
      return found;
    },
  };
  const second = connectWith(app, { plaid: slow }, token, user);
  await accounts.reached();
  ending.open();
  expect(await first).toBe("bank_unavailable");
  accounts.open();
  expect(await second).toBe("bank_unavailable");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});

test("connectAccount keeps the stored public_token when a run whose transaction is lost ends during one that sends it (I1)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const ending = gate();
  const { plaid } = app.services;
  const failing: PlaidAdapter = {
    ...plaid,
    exchangePublicToken: async () => {
      await loseTransactions(app);
      throw new FiscilityError("busy", { details: { retryAfterSeconds: 1 } });
    },
  };
  const first = connectWith(app, { db: lateEnding(app, ending), plaid: failing }, token, user);
  await ending.reached();

  // The second run's exchange succeeds at Plaid, and its response is lost.
  await app.fault({ path: "/item/public_token/exchange", times: 50, do: { drop: "after" } });
  await send(app, token, user);
  ending.open();
  expect(await first).toBe("outcome_pending");
  await app.clearFaults();
  await recover(app);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, lost: 1, connected: 0 });
});

test("connectAccount returns public_token_invalid fifty times when fifty requests send a token that never existed (I8)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = "public-sandbox-7c5b8f1e-9ad4-4f5e-8a4b-222222222222";
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => connectWith(app, {}, token, user)),
  );
  expect(responses).toEqual(Array(50).fill("public_token_invalid"));
  expect(await activityOf(app)).toMatchObject([{ reason: "public_token_invalid" }]);
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
});

test("connectAccount returns the stored error to every request that waited when the first one failed (I2, I8)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  await app.fault({ path: "/accounts/get", times: 1, do: { error: "INSTITUTION_DOWN" } });
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => connectWith(app, {}, token, user)),
  );
  expect(responses).toEqual(Array(5).fill("bank_unavailable"));
  expect(await app.requestsAtPlaid("/accounts/get")).toBe(1);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
  expect(await activityOf(app)).toMatchObject([{ kind: "failed" }]);
});

test("connectAccount that returned busy connects nothing later, and checks everything again on the retry (I1, I3)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const waits = new AbortController();
  const left = once(waits.signal, "abort");
  const inside = app.services.connectGate.run(user.id, () => left);
  const response = await send(app, token, user);
  waits.abort();
  await inside;
  expect(response.body.error.reason).toBe("busy");
  expect(await attemptsOf(app)).toMatchObject([
    { status: "started", public_token_sealed: null, sent_again: false },
  ]);

  // The plan fills up meanwhile, which is reported before anything is exchanged.
  await send(app, await app.publicToken("ins_109509"), user);
  await setPlan(app, "intern");
  const exchanges = await app.requestsAtPlaid("/item/public_token/exchange");
  expect((await send(app, token, user)).body.error.reason).toBe("limit_reached");
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(exchanges);
});

test("The Plaid adapter does not follow a redirect, so that the secret goes to no other host (I6)", async () => {
  const heard: string[] = [];
  const other = createServer((req, res) => {
    heard.push(`${req.method} ${req.url}`);
    res.end("{}");
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const astray = createServer((_req, res) => {
    res.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
  }).listen(0, "127.0.0.1");
  await once(astray, "listening");
  const standIn = `http://127.0.0.1:${(astray.address() as AddressInfo).port}`;
  const redirected = await startTestApp({ PLAID_BASE_URL: standIn }, { limits });
  try {
    const user = await redirected.signUp("cfo");
    const { body } = await redirected.post("/plaid/create-link-token", {}, user);
    expect(body.error.reason).toBe("link_unavailable");
    expect(heard).toEqual([]);
  } finally {
    await redirected.close();
    astray.close();
    other.close();
  }
});

test("The Plaid adapter reads no more than 20 MB of a response, however small it was sent", async () => {
  const body = {
    ...{ user_id: "user-sandbox-1", link_token: "link-sandbox-1", request_id: "1" },
    expiration: "2030-01-01T00:00:00Z",
  };
  const bomb = gzipSync(`${" ".repeat(30_000_000)}${JSON.stringify(body)}`);
  const huge = createServer((_req, res) => {
    res.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    res.end(bomb);
  }).listen(0, "127.0.0.1");
  await once(huge, "listening");
  const standIn = `http://127.0.0.1:${(huge.address() as AddressInfo).port}`;
  const flooded = await startTestApp({ PLAID_BASE_URL: standIn }, { limits });
  try {
    const user = await flooded.signUp("cfo");
    const { body } = await flooded.post("/plaid/create-link-token", {}, user);
    expect(body.error?.reason).toBe("link_unavailable");
  } finally {
    await flooded.close();
    huge.close();
  }
});
