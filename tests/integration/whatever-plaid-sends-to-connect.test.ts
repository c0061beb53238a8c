import { afterAll, beforeAll, expect, test } from "vitest";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import type { TestApp } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import {
  accessTokenOf,
  callPlaid,
  checkChanges,
  createExpectShown,
  runs,
  smallBank,
  startAppForChanges,
  timeout,
} from "../support/changed-responses.ts";
import { toPatch } from "../support/odd-values.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startAppForChanges();
});
afterAll(() => app?.close());

test(
  "No page fails and no Item is orphaned, for any one invalid value in Plaid's responses to a connection (I1)",
  async () => {
    const exchange = "/item/public_token/exchange";
    const send = async (user: { cookie: string }) =>
      app.post("/plaid/exchange-token", { public_token: await smallBank(app) }, user);
    const owner = await app.signUp("cfo");
    const { body } = await send(owner);
    const access_token = await accessTokenOf(app, owner, body.item.id);
    const bank = { institution_id: "ins_109508", country_codes: ["US"] };
    const sample = async (path: string, request: object) => ({
      path,
      body: await callPlaid(app, path, request),
    });
    const samples = [
      await sample("/accounts/get", { access_token }),
      await sample("/institutions/get_by_id", bank),
      {
        path: exchange,
        body: { access_token: "access", item_id: "item", request_id: "request" },
        keeps: ["access_token", "item_id"],
      },
    ];
    const expectShown = createExpectShown(app);
    await checkChanges(samples, async (path, change) => {
      const user = await app.signUp("cfo");
      const faults: object[] = [{ path, times: 1, do: { patch: [toPatch(change)] } }];
      if (path === "/institutions/get_by_id") {
        const nameless = { op: "replace", path: "/item/institution_name", value: null };
        faults.push({ path: "/accounts/get", times: 1, do: { patch: [nameless] } });
      }
      await app.fault(...faults);
      const { status, body } = await send(user);
      await app.clearFaults();
      if (status !== 200) expect(["exchange_lost", "connect_failed"]).toContain(body.error.reason);
      await expectShown(user);
    });

    await app.query("update link_attempts set retry_at = now()");
    await recoverAttempts(app.services, app.services.log);
    const { connected, lost, ...books } = await compareBooks(app);
    const { lost: _, ...wanted } = noDifferences;
    expect([books, connected > 1]).toEqual([wanted, true]);
    expect(lost).toBeLessThan(Math.max(runs / 5, 8));
  },
  timeout,
);
