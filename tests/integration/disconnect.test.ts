import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
  app.logLines.length = 0;
});

const bank = "First Platypus Bank";
const nothingWrong = {
  ...{ orphans: 0, duplicates: 0, overdrafts: 0, partial: 0, unfinished: 0, lost: 0 },
};

/** A person with a connected bank, and the public_token it came by. */
async function connected(plan = "analyst") {
  const person = await app.signUp(plan);
  const token = await app.publicToken();
  const answer = await exchange(token, person);
  expect(answer.body.outcome).toBe("connected");
  const { item, accounts } = answer.body;
  return { person, token, itemId: item.id as string, accountCount: accounts.length as number };
}
const exchange = (token: string, person: Person) =>
  app.post("/plaid/exchange-token", { public_token: token }, person);
const disconnect = (person: Person, itemId: string, confirmation = `disconnect ${bank}`) =>
  app.post("/api/v1/disconnections", { item_id: itemId, confirmation }, person);
const read = async (person: Person, path: string) =>
  (await fetch(`${app.url}/api/v1/${path}`, { headers: { cookie: person.cookie } })).json();
const connectionLines = () =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === "connection");

async function recover(): Promise<void> {
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
}

test("I1 I8 a disconnected bank is gone here and at Plaid, with one activity entry and one log line", async () => {
  const { person, itemId, accountCount } = await connected();
  app.logLines.length = 0;
  const answer = await disconnect(person, itemId);
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      item: { id: itemId, institution: { id: "ins_109508", name: bank } },
      account_count: accountCount,
    },
  ]);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  expect(await app.query("select 1 from accounts")).toEqual([]);
  const [attempt] = await app.query("select * from link_attempts");
  expect([attempt.status, attempt.access_token_sealed]).toEqual(["failed", null]);

  const [entry, ...before] = (await read(person, "activity")).entries;
  expect(entry).toMatchObject({ kind: "disconnected", institution_name: bank, item_id: null });
  expect([entry.account_count, before.length]).toEqual([accountCount, 1]);
  const lines = connectionLines();
  expect(lines).toMatchObject([{ outcome: "disconnected", itemId, itemAtPlaid: "removed" }]);
  const [{ plaid_request_id: requestId }] = await app.query(
    "select plaid_request_id from account_activity where kind = 'disconnected'",
  );
  expect([lines[0].plaidRequestId, requestId]).toEqual([requestId, expect.any(String)]);
});

test("I5 the first read after the answer, on another node too, is without the bank", async () => {
  const { person, itemId } = await connected();
  const node = await app.startNode();
  try {
    const headers = { cookie: person.cookie };
    const items = async (url: string) =>
      ((await (await fetch(`${url}/api/v1/accounts`, { headers })).json()) as { items: unknown[] })
        .items.length;
    expect([await items(app.url), await items(node.url)]).toEqual([1, 1]);
    expect((await disconnect(person, itemId)).status).toBe(200);
    expect([await items(app.url), await items(node.url)]).toEqual([0, 0]);
  } finally {
    await node.close();
  }
});

test("I3 the room in the plan comes back at once, and the same bank can be connected again", async () => {
  const { person, itemId, accountCount } = await connected();
  await app.query("update plans set max_accounts = $1 where id = 'analyst'", [accountCount]);
  try {
    const refused = await app.post("/plaid/create-link-token", {}, person);
    expect(refused.body.error.reason).toBe("limit_reached");
    await disconnect(person, itemId);
    expect((await read(person, "plan")).accounts_used).toBe(0);
    expect((await app.post("/plaid/create-link-token", {}, person)).status).toBe(200);
    const again = await exchange(await app.publicToken(), person);
    expect(again.body.outcome).toBe("connected");
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
  } finally {
    await app.query("update plans set max_accounts = 25 where id = 'analyst'");
  }
});

test("I1 while Plaid is down the bank is gone here at once; the recovery removes it when Plaid is back", async () => {
  const { person, token, itemId } = await connected();
  await app.fault({ path: "/item/remove", times: 50, do: { error: "INTERNAL_SERVER_ERROR" } });
  expect((await disconnect(person, itemId)).status).toBe(200);
  expect((await read(person, "accounts")).items).toEqual([]);
  expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1, connected: 0 });
  expect(connectionLines().at(-1)).toMatchObject({ itemAtPlaid: "to be removed" });
  // The token that Plaid still knows is kept sealed (I6), and gives nobody the Item back (I2).
  expect(JSON.stringify(await app.query("select * from link_attempts"))).not.toContain("access-");
  expect((await exchange(token, person)).body.error.reason).toBe("public_token_invalid");
  await recover();
  expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1 });
  await app.clearFaults();
  await recover();
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
  const entries = await app.query(
    "select plaid_request_id from account_activity where kind = 'disconnected'",
  );
  expect(entries).toEqual([{ plaid_request_id: expect.any(String) }]);
});

test("I1 a bank whose token no key opens can be disconnected; it is removed at Plaid once the key is back", async () => {
  const { person, itemId } = await connected();
  const rename = (table: string, from: string, to: string) =>
    app.query(`update ${table} set access_token_sealed = replace(access_token_sealed, $1, $2)`, [
      `v2.${from}.`,
      `v2.${to}.`,
    ]);
  await rename("items", "t1", "gone");
  expect((await disconnect(person, itemId)).status).toBe(200);
  expect((await read(person, "accounts")).items).toEqual([]);
  expect(connectionLines().at(-1)).toMatchObject({ itemAtPlaid: "to be removed" });
  await recover();
  expect(await app.query("select status, tries from link_attempts")).toEqual([
    { status: "removing", tries: 2 },
  ]);
  await rename("link_attempts", "gone", "t1");
  await recover();
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
});

test("I2 the public_token of a disconnected bank is spent: it brings nothing back", async () => {
  const { person, token, itemId } = await connected();
  await disconnect(person, itemId);
  const answer = await exchange(token, person);
  expect([answer.status, answer.body.error.reason]).toEqual([400, "public_token_invalid"]);
  expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 0 });
});

test("I2 I8 twenty racing disconnects of one bank: one is done, the others find nothing", async () => {
  const { person, itemId } = await connected();
  const answers = await Promise.all(Array.from({ length: 20 }, () => disconnect(person, itemId)));
  const done = answers.filter(({ status }) => status === 200);
  const others = new Set(
    answers.filter(({ status }) => status !== 200).map(({ body }) => body.error.reason),
  );
  expect([done.length, [...others]]).toEqual([1, ["not_found"]]);
  const entries = await app.query("select 1 from account_activity where kind = 'disconnected'");
  expect(entries).toHaveLength(1);
  expect(connectionLines().filter((line) => line.outcome === "disconnected")).toHaveLength(1);
});

test("a phrase that is not the bank's is refused and nothing is changed; capitals do not matter", async () => {
  const { person, itemId } = await connected();
  for (const words of ["", "disconnect", bank, "disconnect Another Bank"]) {
    const answer = await disconnect(person, itemId, words);
    expect([answer.status, answer.body.error.reason]).toEqual([400, "confirmation_mismatch"]);
    expect(answer.body.error.details).toEqual({ expected: `disconnect ${bank}` });
  }
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
  expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  expect((await disconnect(person, itemId, "Disconnect  first platypus bank ")).status).toBe(200);
});

test("I6 another person's bank cannot be disconnected by its id", async () => {
  const { itemId } = await connected();
  const answer = await disconnect(await app.signUp(), itemId);
  expect([answer.status, answer.body.error.reason]).toEqual([404, "not_found"]);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, connected: 1 });
});
