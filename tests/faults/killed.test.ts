import { once } from "node:events";
import { expect } from "vitest";
import { ConnectGate } from "../../server/connect/connect-gate.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { compareBooks } from "../support/books.ts";
import { lockUser } from "../support/database-faults.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { casesOf } from "../support/matrix.ts";
import { startNode } from "../support/node-process.ts";
import { recover } from "../support/recover.ts";
import { activityOf, attemptsOf, lockWaiters, only, usersIn } from "../support/rows.ts";

const test = testWithApp({}, { pooled: true });
test.beforeEach(({ app }) => startOver(app));

/** Waits until PostgreSQL has noticed that a process is gone and released its lock. */
async function untilNobodyHoldsALock(app: TestApp): Promise<void> {
  const open = `select 1 from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`;
  await expect.poll(() => app.query(open)).toHaveLength(0);
}

/** Runs the recovery as if every attempt without a process were due. */
async function recoverOnceUnlocked(app: TestApp): Promise<void> {
  await untilNobodyHoldsALock(app);
  await recover(app);
}

const deleteAccount = (url: string, user: TestUser) =>
  fetch(`${url}/api/v1/account?confirmation=delete%20my%20account`, {
    method: "DELETE",
    headers: { cookie: user.cookie },
  });

const nothingWrong = { orphans: 0, duplicates: 0, overdrafts: 0, partial: 0, unfinished: 0 };

test.for(
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
  "One recovery pass ends the attempt when the process was killed after the step '%s': %s (I1, I4)",
  async ([step, outcome], { app }) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    const givesUp = step === "ending" || step === "ended";
    if (givesUp) {
      await app.fault({ path: "/accounts/get", times: 3, do: { error: "INSTITUTION_DOWN" } });
    }
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(app.connectAt(node.url, token, user)).rejects.toThrow();
    expect(node.process.signalCode ?? "SIGKILL").toBe("SIGKILL");
    await app.clearFaults();

    await recoverOnceUnlocked(app);
    const connected = outcome === "connected" ? 1 : 0;
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected });
    // The same public_token afterwards gets the first result (I2).
    const again = await app.post("/plaid/exchange-token", { public_token: token }, user);
    if (connected) expect(again.body.outcome).toBe("already_connected");
    else expect(again.body.error.reason).toBe("bank_unavailable");
    expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
    const kinds = await activityOf(app);
    expect(kinds).toMatchObject([{ kind: connected ? "connected" : "failed" }]);
  },
);

test.for(
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
  "One recovery pass ends the disconnect when the process was killed after its step '%s': %s (I1, I4)",
  async ([step, outcome], { app }) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    const { body } = await app.post("/plaid/exchange-token", { public_token: token }, user);
    const { id, institution } = body.item;
    const node = await startNode(app.env);
    await node.dieAfter(step);
    const response = fetch(`${node.url}/api/v1/disconnections`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: user.cookie },
      body: JSON.stringify({ item_id: id, confirmation: `disconnect ${institution.name}` }),
    });
    await expect(response).rejects.toThrow();
    expect(await app.requestsAtPlaid("/item/remove")).toBe(step === "removal" ? 1 : 0);

    await recoverOnceUnlocked(app);
    const connected = outcome === "connected" ? 1 : 0;
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected });
    const kinds = await activityOf(app);
    expect(kinds.map(({ kind }) => kind)).toEqual(
      connected ? ["connected"] : ["connected", "disconnected"],
    );
  },
);

test.for(
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
  "Recovery connects nothing when the process was killed after the step '%s' and the user then deleted the account (%i lost) (I1)",
  async ([step, lost], { app }) => {
    const user = await app.signUp("analyst");
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(app.connectAt(node.url, await app.publicToken(), user)).rejects.toThrow();
    expect((await deleteAccount(app.url, user)).status).toBe(200);
    await recoverOnceUnlocked(app);
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost, connected: 0 });
    // Our record of a lost exchange stays for Plaid's support, without personal data.
    const left = await usersIn(app);
    expect(left).toMatchObject(lost ? [{ email: `${user.id}@deleted.invalid` }] : []);
    expect(await activityOf(app)).toEqual([]);
  },
);

test.for(casesOf(["commit", "cache"], (step) => step === "commit"))(
  "One recovery pass leaves nothing here or at Plaid when the process was killed after the step '%s' of deleting an account (I1)",
  async (step, { app }) => {
    const user = await app.signUp("analyst");
    const body = { public_token: await app.publicToken() };
    await app.post("/plaid/exchange-token", body, user);
    const node = await startNode(app.env);
    await node.dieAfter(step);
    await expect(deleteAccount(node.url, user)).rejects.toThrow();
    expect(await compareBooks(app)).toMatchObject({ orphans: 1, unfinished: 1 });
    await recoverOnceUnlocked(app);
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 0 });
    expect(await usersIn(app)).toEqual([]);
  },
);

test("The lost Item is recorded when the process was killed between Plaid's response and our write (I1)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  const node = await startNode(app.env);
  await node.dieAfter("exchange");
  await expect(app.connectAt(node.url, token, user)).rejects.toThrow();
  await recoverOnceUnlocked(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 1, connected: 0 });
  const again = await app.post("/plaid/exchange-token", { public_token: token }, user);
  expect(again.body.error.reason).toBe("exchange_lost");
  const later = await app.post(
    "/plaid/exchange-token",
    { public_token: await app.publicToken() },
    user,
  );
  expect(later.body.outcome).toBe("connected");
});

/**
 * A process dies after it stored the access_token, which leaves an attempt without a process. Returns its
 * user.
 */
async function leaveExchanged(app: TestApp): Promise<TestUser> {
  const user = await app.signUp("analyst");
  const node = await startNode(app.env);
  await node.dieAfter("save");
  await expect(app.connectAt(node.url, await app.publicToken(), user)).rejects.toThrow();
  await untilNobodyHoldsALock(app);
  return user;
}

test("Recovery ends an attempt when the user's lock is only held for a moment (I1)", async ({
  app,
}) => {
  const user = await leaveExchanged(app);
  const letGo = await lockUser(app, user);
  // Enough for a slow machine to notice that the lock is waited for.
  const limits = { ...app.services.limits, recoveryLock: 10_000 };
  const recovered = recoverAttempts({ ...app.services, limits }, app.services.log);
  try {
    await expect.poll(() => lockWaiters(app)).toHaveLength(1);
  } finally {
    await letGo();
    await recovered;
  }
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
});

test("Recovery leaves an attempt to the process that runs it, and ends it once no process does (I1, I2)", async ({
  app,
}) => {
  const user = await leaveExchanged(app);
  const letGo = await lockUser(app, user);
  await recoverAttempts(app.services, app.services.log);
  const left = await only(attemptsOf(app));
  expect(left).toMatchObject({ status: "exchanged", tries: 1 });
  expect(left.retry_at.getTime()).toBeGreaterThan(Date.now());
  expect(await app.requestsAtPlaid("/item/remove")).toBe(0);
  await letGo();
  await recoverOnceUnlocked(app);
  expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
});

test.for([
  ["no place in its process", 50],
  ["a place too late", 0],
] as const)(
  "Recovery that gets %s leaves the attempt as it is and logs nothing about it (I1, I8)",
  async ([_turn, limit], { app }) => {
    const user = await leaveExchanged(app);
    const waits = new AbortController();
    const limits = { ...app.services.limits, connectWait: limit };
    const connectGate = new ConnectGate(8, limits);
    const inside = limit > 0 && connectGate.run(user.id, () => once(waits.signal, "abort"));
    try {
      await recoverAttempts({ ...app.services, limits, connectGate }, app.services.log);
    } finally {
      waits.abort();
      await inside;
    }
    const left = await only(attemptsOf(app));
    expect(left).toMatchObject({ status: "exchanged", tries: 1 });
    expect(left.retry_at.getTime()).toBeGreaterThan(Date.now());
    expect(await activityOf(app)).toEqual([]);
    await recoverOnceUnlocked(app);
    expect(await compareBooks(app)).toEqual({ ...nothingWrong, lost: 0, connected: 1 });
  },
);

test("A starting worker ends what a killed process left, once, however many workers start (I1)", async ({
  app,
}) => {
  await leaveExchanged(app);
  const { id } = await only(attemptsOf(app));
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
