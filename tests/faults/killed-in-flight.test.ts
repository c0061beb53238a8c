import { afterAll, beforeAll, expect } from "vitest";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { reconcile } from "../../server/reconciliation/reconcile.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { casesOf, matrixTest } from "../support/matrix.ts";
import { startNode } from "../support/node-process.ts";
import { until } from "../support/until.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

/** Users who connect at once: eight on each of three nodes have their exchange at Plaid. */
const users = 27;

matrixTest.each(casesOf([1, 2, 3, 4, 5], () => true))(
  "The reconciliation leaves nothing at Plaid when nodes were killed with 24 exchanges there (I1, round %i)",
  async (round) => {
    const { services } = app;
    const owners = await Promise.all(Array.from({ length: users }, () => app.signUp("cfo")));
    const tokens: string[] = [];
    for (const user of owners) tokens.push(await app.linkedToken(user));
    const nodes = await Promise.all([1, 2, 3].map(() => startNode(app.env)));
    // All of them are at Plaid at once. Each node dies when so many of its responses have arrived.
    await app.control("POST", "settings", { latency_ms: 300 });
    for (const node of nodes) await node.dieAfter("exchange", (round % 3) + 1);
    await Promise.all(
      owners.map((user, n) =>
        app
          .connectAt(nodes[n % nodes.length]?.url as string, tokens[n] as string, user)
          .catch(() => "killed"),
      ),
    );
    // A node whose requests were refused before so many responses arrived.
    await Promise.all(nodes.map((node) => node.kill()));
    await app.control("POST", "settings", { latency_ms: 0 });

    const open = `select 1 from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`;
    await until(async () => (await app.query(open)).length === 0);
    await app.query("update link_attempts set retry_at = now()");
    await recoverAttempts(services, services.log);
    const { lost } = await compareBooks(app);
    process.stdout.write(`round ${round}: ${lost} of ${owners.length} exchanges lost\n`);
    for (const minutes of [0, 41]) {
      const clock = { now: () => new Date(Date.now() + minutes * 60_000) };
      await reconcile({ ...services, clock }, services.log);
    }
    const books = await compareBooks(app);
    expect(books).toEqual({ ...noDifferences, connected: books.connected });
    const alive = (await app.itemsAtPlaid()).filter(({ removed }) => !removed);
    expect(alive).toHaveLength(books.connected);
    await app.query("delete from users");
    await app.query("delete from plaid_clients");
    await app.resetPlaid();
  },
);
