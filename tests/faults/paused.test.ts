import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { endConnections } from "../support/database-faults.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { casesOf } from "../support/matrix.ts";
import { type NodeProcess, startNode } from "../support/node-process.ts";
import { recover } from "../support/recover.ts";
import { attemptsOf, itemsOf } from "../support/rows.ts";

/** A process of the app that SIGSTOP freezes, and the app of this process. */
const test = testWithApp(
  {},
  { limits: { connectWait: 1_000, connectDeadline: 3_000, connectLock: 1_500 } },
);
let node: NodeProcess;
afterEach(() => node?.kill());
test.beforeEach(async ({ app }) => {
  node = await startNode(app.env);
  await startOver(app);
});

/** Longer than every time limit that `startNode` sets for a connection. */
const frozenFor = 6_000;

/** Freezes the node while Plaid, which takes a second, handles the request that follows the condition. */
async function freezeOnce(app: TestApp, condition: string): Promise<void> {
  await expect
    .poll(() => app.query(`select 1 from link_attempts where ${condition}`))
    .toHaveLength(1);
  await pause(200);
  node.process.kill("SIGSTOP");
}

test.for(
  casesOf(
    [
      ["/item/public_token/exchange", "run_id is not null"],
      ["/accounts/get", "status = 'exchanged'"],
    ] as const,
    ([path]) => path !== "/accounts/get",
  ),
)(
  "connectAccount loses no Item when its process is paused while the response of %s arrives (I1, I2)",
  async ([path, condition], { app }) => {
    const user = await app.signUp("analyst");
    const token = await app.publicToken();
    await app.fault({ path, times: 1, do: { delay: 1_000 } });
    const response = awaitLater(app.connectAt(node.url, token, user));
    await freezeOnce(app, condition);
    const frozen = pause(frozenFor);
    // Meanwhile the user retries elsewhere, and the recovery checks the attempt.
    await app.post("/plaid/exchange-token", { public_token: token }, user);
    await recover(app);
    await frozen;
    node.process.kill("SIGCONT");
    await response;
    await recover(app);
    const { connected, ...books } = await compareBooks(app);
    expect({ connected: connected <= 1, ...books }).toEqual({ connected: true, ...noDifferences });
    expect(await app.requestsAtPlaid("/item/public_token/exchange")).toBe(1);
    const reasons = (await attemptsOf(app)).map(({ reason }) => reason);
    expect(reasons).not.toContain("exchange_lost");
  },
);

test("connectAccount connects once when its process is paused after the commit (I1, I2, I5)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  await node.pauseAfter("commit");
  const response = awaitLater(app.connectAt(node.url, token, user));
  await expect.poll(() => itemsOf(app)).toHaveLength(1);
  const again = await app.post("/plaid/exchange-token", { public_token: token }, user);
  expect(again.body.outcome).toBe("already_connected");
  await recover(app);
  node.process.kill("SIGCONT");
  expect(await response).toBe(200);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("connectAccount removes the Item when its process wakes up after another run failed the attempt (I1)", async ({
  app,
}) => {
  const user = await app.signUp("analyst");
  const token = await app.publicToken();
  await app.fault({ path: "/item/public_token/exchange", times: 1, do: { delay: 1_000 } });
  const response = awaitLater(app.connectAt(node.url, token, user));
  await freezeOnce(app, "run_id is not null");
  await pause(1_500);
  // PostgreSQL ends the transaction of a process that is silent for too long, which releases its lock.
  await endConnections(app, "state = 'idle in transaction'");
  await recover(app);
  const reasons = () => attemptsOf(app);
  expect(await reasons()).toMatchObject([{ status: "failed", reason: "exchange_lost" }]);
  node.process.kill("SIGCONT");
  await response;
  await recover(app);
  expect(await compareBooks(app)).toMatchObject({ orphans: 0, unfinished: 0, connected: 0 });
  expect((await app.itemsAtPlaid()).map(({ removed }) => removed)).toEqual([true]);
});
