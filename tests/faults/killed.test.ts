import { once } from "node:events";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ConnectGate } from "../../server/connect/connect-gate.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { type Person, startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";
import { waitingLocks } from "../support/database.ts";
import { casesOf } from "../support/matrix.ts";
import { startNode } from "../support/node-process.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { pooled: true });
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
});

/** PostgreSQL has to notice first that a process is gone: its lock goes with it. */
async function untilNobodyHoldsALock(): Promise<void> {
  const open = `select 1 from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`;
  await expect.poll(() => app.query(open)).toHaveLength(0);
}

/** As if the time had come for the recovery to take up what has no process. */
async function recover(): Promise<void> {
  await untilNobodyHoldsALock();
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
}

const deleteAccount = (url: string, person: Person) =>
  fetch(`${url}/api/v1/account?confirmation=delete%20my%20account`, {
    method: "DELETE",
    headers: { cookie: person.cookie },
  });

const nothingWrong = { orphans: 0, duplicates: 0, overdrafts: 0, partial: 0, unfinished: 0 };

test.each(
  casesOf(
    [
      ["attempt", "connected"],
      ["lock", "connected"],
      ["mark", "connected"],
      ["save", "connected"],
      ["accounts", "connected"],
      ["insert", "connected"],
      ["commit", "connected"],
      ["cache", "connected"],
      ["ending", "connected"],
      ["ended", "removed"],
    ] as const,
    ([step]) => ["mark", "save", "commit", "ended"].includes(step),
  ),
)(
  "I1 I4 killed after the step '%s', one recovery pass ends the attempt: %s",
  async (step, outcome) => {
    const person = await app.signUp("analyst");
    const token = await app.publicToken();
    const givesUp = step === "ending" || step === "ended";
    if (givesUp) {
      await app.fault({ path: "/accounts/get", times: 3, do: { error: "INSTITUTION_DOWN" } });
    }
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(app.connectAt(node.url, token, person)).rejects.toThrow();
    expect(node.process.signalCode ?? "SIGKILL").toBe("SIGKILL");
    await app.clearFaults();

    await recover();
    const connected = outcome === "connected" ? 1 : 0;
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected });
    // The same public_token afterwards: the first answer (I2).
    const again = await app.post("/plaid/exchange-token", { public_token: token }, person);
    if (connected) expect(again.body.outcome).toBe("already_connected");
    else expect(again.body.error.reason).toBe("bank_unavailable");
    expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
    const kinds = await app.query("select kind from account_activity");
    expect(kinds).toEqual([{ kind: connected ? "connected" : "failed" }]);
  },
);

test.each(
  casesOf(
    [
      ["lock", "connected"],
      ["delete", "connected"],
      ["commit", "removed"],
      ["cache", "removed"],
      ["removal", "removed"],
    ] as const,
    ([step]) => step === "delete" || step === "commit",
  ),
)(
  "I1 I4 killed after the step '%s' of a disconnect, one recovery pass leaves the Item %s",
  async (step, outcome) => {
    const person = await app.signUp("analyst");
    const token = await app.publicToken();
    const { body } = await app.post("/plaid/exchange-token", { public_token: token }, person);
    const { id, institution } = body.item;
    const node = await startNode(app.env);
    await node.dieAfter(step);
    const answer = fetch(`${node.url}/api/v1/disconnections`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: person.cookie },
      body: JSON.stringify({ item_id: id, confirmation: `disconnect ${institution.name}` }),
    });
    await expect(answer).rejects.toThrow();
    expect(await app.requestsAtPlaid("/item/remove")).toBe(step === "removal" ? 1 : 0);

    await recover();
    const connected = outcome === "connected" ? 1 : 0;
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected });
    const kinds = await app.query("select kind from account_activity order by created_at");
    expect(kinds.map(({ kind }) => kind)).toEqual(
      connected ? ["connected"] : ["connected", "disconnected"],
    );
  },
);

test.each(
  casesOf(
    [
      ["attempt", 0],
      ["exchange", 1],
      ["save", 0],
      ["accounts", 0],
    ] as const,
    ([step]) => step === "exchange" || step === "save",
  ),
)(
  "I1 killed after the step '%s' of a connection whose person then deletes their account: nothing is connected (%i lost)",
  async (step, lost) => {
    const person = await app.signUp("analyst");
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(app.connectAt(node.url, await app.publicToken(), person)).rejects.toThrow();
    expect((await deleteAccount(app.url, person)).status).toBe(200);
    await recover();
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost, connected: 0 });
    // Of a lost one our record stays for Plaid's support, without anything of the person in it.
    const left = await app.query("select email from users");
    expect(left).toEqual(lost ? [{ email: `${person.id}@deleted.invalid` }] : []);
    expect(await app.query("select 1 from account_activity")).toEqual([]);
  },
);

test.each(casesOf(["commit", "cache"], (step) => step === "commit"))(
  "I1 killed after the step '%s' of a deleted account, one recovery pass leaves nothing here or at Plaid",
  async (step) => {
    const person = await app.signUp("analyst");
    const body = { public_token: await app.publicToken() };
    await app.post("/plaid/exchange-token", body, person);
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(deleteAccount(node.url, person)).rejects.toThrow();
    expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1 });
    await recover();
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 0 });
    expect(await app.query("select 1 from users")).toEqual([]);
  },
);

test("I1 killed between Plaid's reply and our writing it down, the lost Item is on record", async () => {
  const person = await app.signUp("analyst");
  const token = await app.publicToken();
  const node = await startNode(app.env);
  await node.dieAfter("exchange");
  await expect(app.connectAt(node.url, token, person)).rejects.toThrow();
  await recover();
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 1, connected: 0 });
  const again = await app.post("/plaid/exchange-token", { public_token: token }, person);
  expect(again.body.error.reason).toBe("exchange_lost");
  const anew = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    person,
  );
  expect(anew.body.outcome).toBe("connected");
});

/** A process dies once it has kept the access_token: an attempt that nobody works on. Whose it is. */
async function leaveExchanged(): Promise<Person> {
  const person = await app.signUp("analyst");
  const node = await startNode(app.env);
  await node.dieAfter("save");
  await expect(app.connectAt(node.url, await app.publicToken(), person)).rejects.toThrow();
  await untilNobodyHoldsALock();
  return person;
}

/** Somebody else has the person's lock, until what is returned is called. */
async function holdLock(person: Person): Promise<() => Promise<void>> {
  const holder = new pg.Client(app.env.DATABASE_DIRECT_URL);
  await holder.connect();
  await holder.query("begin");
  await holder.query("select 1 from users where id = $1 for no key update", [person.id]);
  return () => holder.end();
}

test("I1 what has the person's lock in passing does not keep the recovery from an attempt", async () => {
  const person = await leaveExchanged();
  const letGo = await holdLock(person);
  // However slow the machine is at seeing that the lock is waited for.
  const limits = { ...app.services.limits, recoveryLock: 10_000 };
  const recovered = recoverAttempts({ ...app.services, limits }, app.services.log);
  try {
    await expect.poll(() => app.query(waitingLocks)).toHaveLength(1);
  } finally {
    await letGo();
    await recovered;
  }
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
});

test("I1 I2 the recovery leaves an attempt to the process that works on it, and takes it up once there is none", async () => {
  const person = await leaveExchanged();
  const letGo = await holdLock(person);
  await recoverAttempts(app.services, app.services.log);
  const [left] = await app.query("select status, tries, retry_at > now() later from link_attempts");
  expect(left).toEqual({ status: "exchanged", tries: 1, later: true });
  expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  await letGo();
  await recover();
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
});

test.each([
  ["no turn in its process", 50],
  ["its turn too late", 0],
])(
  "I1 I8 the recovery that gets %s leaves the attempt as it is, and accounts for nothing",
  async (_turn, limit) => {
    const person = await leaveExchanged();
    const waits = new AbortController();
    const limits = { ...app.services.limits, connectTurn: limit };
    const connectGate = new ConnectGate(8, limits);
    const inside = limit > 0 && connectGate.run(person.id, () => once(waits.signal, "abort"));
    try {
      await recoverAttempts({ ...app.services, limits, connectGate }, app.services.log);
    } finally {
      waits.abort();
      await inside;
    }
    const [left] = await app.query(
      "select status, tries, retry_at > now() later from link_attempts",
    );
    expect(left).toEqual({ status: "exchanged", tries: 1, later: true });
    expect(await app.query("select kind, reason from account_activity")).toEqual([]);
    await recover();
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
  },
);

test("I1 a worker that starts ends what a killed process left, once, however many start", async () => {
  await leaveExchanged();
  const [{ id }] = await app.query("select id from link_attempts");
  const workers = await Promise.all([startWorker(app.services), startWorker(app.services)]);
  try {
    await expect.poll(async () => (await compareBooks(app)).connected).toBe(1);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
  const lines = app.logLines.map((line) => JSON.parse(line));
  const recovered = lines.filter((l) => l.event === "attempt_recovered" && l.attemptId === id);
  expect(recovered).toHaveLength(1);
});
