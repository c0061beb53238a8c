import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { reconcile } from "../../server/reconciliation/reconcile.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { startOver } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";

let app: TestApp;
beforeAll(async () => {
  // A second Item of a bank must not invalidate the first one by itself.
  app = await startTestApp({}, { plaid: { newItemInvalidatesOld: false } });
});
afterAll(() => app?.close());

const pass = (minutes: number) =>
  reconcile(
    {
      ...app.services,
      clock: { now: () => new Date(Date.now() + minutes * 60_000) },
    },
    app.services.log,
  );
const dueNow = () => app.query("update plaid_users set due_at = now() - interval '1 minute'");
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Plaid's list: current, slow, outdated, empty, and refused. */
const lists = {
  right: undefined,
  slow: { delay: 60 },
  empty: { status: 200, body: { items: [], request_id: "empty" } },
  refused: { error: "INTERNAL_SERVER_ERROR" },
};
const race = fc.record({
  list: fc.constantFrom(...(Object.keys(lists) as (keyof typeof lists)[])),
  /** Whether Plaid refuses a removal of the pass. */
  refused: fc.boolean(),
  acts: fc.uniqueArray(
    fc.record({
      act: fc.constantFrom("connect", "reconnect", "take over", "disconnect", "lose"),
      ms: fc.nat(80),
    }),
    { minLength: 1, maxLength: 4, selector: ({ act }) => act },
  ),
});

test("A reconciliation that races a connect, a reconnect, a takeover and a disconnect removes no live Item (I1)", async () => {
  await fc.assert(
    fc.asyncProperty(race, async ({ list, refused, acts }) => {
      await startOver(app);
      const user = await app.signUp("cfo");
      const send = (publicToken: string, more = {}) =>
        app.post("/plaid/exchange-token", { public_token: publicToken, ...more }, user);
      const { body } = await send(await app.linkedToken(user, "ins_109508"));
      const itemId = body.item.id as string;
      const disconnect = () =>
        app.post(
          "/api/v1/disconnections",
          { item_id: itemId, confirmation: "disconnect First Platypus Bank" },
          user,
        );
      // Two that no row holds, seen more than 40 minutes ago.
      await app.linkedToken(user, "ins_109510");
      await app.linkedToken(user, "ins_109511");
      await dueNow();
      await pass(0);
      const fresh = await app.linkedToken(user, "ins_109512");
      const same = await app.linkedToken(user, "ins_109508");
      const action = {
        connect: () => send(fresh),
        reconnect: () => app.post("/api/v1/finished-updates", { item_id: itemId }, user),
        "take over": async () => {
          await send(same, { connect_anyway: true });
          await disconnect();
        },
        disconnect,
        lose: async () => {
          await app.fault({ path: "/item/public_token/exchange", times: 1, do: { drop: "after" } });
          await send(fresh);
        },
      };
      const what = lists[list];
      if (what) await app.fault({ path: "/user/items/get", times: 1, do: what });
      if (refused) {
        await app.fault({ path: "/user/items/remove", times: 1, do: { error: "INVALID_FIELD" } });
      }
      await dueNow();
      await Promise.all([
        pass(41),
        ...acts.map(async ({ act, ms }) => {
          await after(ms);
          await action[act as keyof typeof action]();
        }),
      ]);
      await app.clearFaults();
      await app.query("update link_attempts set retry_at = now()");
      await recoverAttempts(app.services, app.services.log);
      // No live row is without its Item: `partial` counts those.
      expect(await compareBooks(app)).toMatchObject({ partial: 0, duplicates: 0 });

      for (const minutes of [42, 90, 135, 180]) {
        await dueNow();
        await pass(minutes);
      }
      const books = await compareBooks(app);
      expect(books).toEqual({ ...noDifferences, connected: books.connected });
      const alive = (await app.itemsAtPlaid()).filter(({ removed }) => !removed);
      expect(alive).toHaveLength(books.connected);
    }),
    { numRuns: isMatrix ? 50 : 3, endOnFailure: true },
  );
}, 600_000);
