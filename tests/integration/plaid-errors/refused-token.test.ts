import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { recoverAttempts } from "../../../server/connect/recover-attempts.ts";
import { startTestApp, type TestApp } from "../../support/app.ts";
import { compareBooks, noDifferences } from "../../support/books.ts";
import { built } from "../../support/built.ts";
import { type Bank, connectBank, shown, sync } from "./world.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
afterEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from refused_tokens");
  await app.query("delete from users");
});

const refusing = (path: string) =>
  app.fault({ path, times: 99, do: { error: "INVALID_ACCESS_TOKEN" } });

/** As if the refused tokens had been refused for an hour. */
const anHourLater = () =>
  app.query("update refused_tokens set first_at = now() - interval '1 hour'");

const verdicts = () =>
  app.logLines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "token_refused")
    .map(({ verdict }) => verdict);

const disconnect = ({ owner, itemId }: Bank) =>
  app.post(
    "/api/v1/disconnections",
    { item_id: itemId, confirmation: "disconnect First Platypus Bank" },
    owner,
  );

async function recover() {
  await app.query("update link_attempts set retry_at = now()");
  await recoverAttempts(app.services, app.services.log);
}

const attempts = () =>
  app.query("select status, access_token_sealed is not null as token from link_attempts");

const attemptOf = async ({ itemId }: Bank) =>
  (
    await app.query(
      "select status, access_token_sealed is not null as token from link_attempts where id = $1",
      [itemId],
    )
  )[0];

test("A token of today's keys ends its Item only once Plaid has not known it for a while", async () => {
  const bank = await connectBank(app);
  await refusing("/transactions/sync");
  await refusing("/item/get");
  expect(await sync(app, bank)).toBe("failed: plaid_refused");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
  await anHourLater();
  expect(await sync(app, bank)).toBe("needs_user");
  expect(await shown(app, bank)).toMatchObject({
    status: "revoked",
    problem: { kind: "connect_again" },
  });
});

test("A token that works again no longer counts as refused", async () => {
  const bank = await connectBank(app);
  await refusing("/transactions/sync");
  await sync(app, bank);
  await app.clearFaults();
  expect(await sync(app, bank)).toBe("done");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: null });
  expect(await app.query("select 1 from refused_tokens")).toEqual([]);
});

test.each([["production/another-client"], [null]])(
  "A token made by %s is never discarded, however long it is refused",
  async (client) => {
    const bank = await connectBank(app);
    await app.query("update items set plaid_client = $1", [client]);
    await refusing("*");
    for (let n = 0; n < 3; n++) {
      expect(await sync(app, bank)).toBe("failed: plaid_refused");
      await anHourLater();
    }
    expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
    expect(verdicts().at(-1)).toBe("other_keys");

    await disconnect(bank);
    await recover();
    expect(await attempts()).toEqual([{ status: "removing", token: true }]);
    await app.clearFaults();
    await recover();
    expect(await attempts()).toEqual([{ status: "failed", token: false }]);
    expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
  },
);

test("A sync that succeeds stores which keys an Item of the previous release works with", async () => {
  const bank = await connectBank(app);
  await app.query("update items set plaid_client = null");
  expect(await sync(app, bank)).toBe("done");
  expect(await app.query("select plaid_client from items")).toEqual([
    { plaid_client: "sandbox/test-client-id" },
  ]);
});

test("A burst of refused tokens ends no Item and discards no token, but raises an alarm", async () => {
  const bank = await connectBank(app);
  await app.query(
    "insert into refused_tokens (plaid_item_id) select 'item-' || n from generate_series(1, 5) n",
  );
  await refusing("*");
  await sync(app, bank);
  await anHourLater();
  expect(await sync(app, bank)).toBe("failed: plaid_refused");
  expect(await shown(app, bank)).toMatchObject({ status: "good", problem: { kind: "wait" } });
  expect(verdicts().at(-1)).toBe("burst");
  await disconnect(bank);
  await recover();
  expect(await attempts()).toEqual([{ status: "removing", token: true }]);

  // The keys are right again.
  await app.clearFaults();
  await recover();
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 0 });
});

/** Runs `npm run refused-tokens` as an operator. Returns its lines without the ids. */
async function refusedTokens(...options: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...built("refused-tokens"), ...options],
    { env: { ...process.env, ...app.env } },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [, heldBy, , , , ...rest] = line.split("  ");
      return [heldBy, ...rest].join(" ");
    })
    .sort();
}

test("npm run refused-tokens -- --believe ends what a burst stopped, and nothing of other keys", async () => {
  const [removed, live, other] = [
    await connectBank(app),
    await connectBank(app),
    await connectBank(app),
  ];
  await app.query("update items set plaid_client = 'production/before' where id = $1", [
    other.itemId,
  ]);
  await app.query(
    "insert into refused_tokens (plaid_item_id) select 'item-' || n from generate_series(1, 9) n",
  );
  await refusing("*");
  await disconnect(removed);
  for (const bank of [live, other]) await sync(app, bank);
  expect(await refusedTokens()).toEqual(["live", "removing"]);
  // Not refused for long enough yet.
  expect(await refusedTokens("--believe")).toEqual(["live kept", "removing kept"]);
  await anHourLater();
  await app.query("update refused_tokens set last_at = now()");
  expect(await sync(app, live)).toBe("failed: plaid_refused");
  expect(verdicts().at(-1)).toBe("burst");
  expect(await refusedTokens("--believe")).toEqual(["live ended", "removing ended"]);
  expect((await shown(app, live)).status).toBe("revoked");
  expect(await attemptOf(removed)).toEqual({ status: "failed", token: false });
  expect((await shown(app, other)).status).toBe("good");
  expect(
    await app.query("select 1 from refused_tokens where plaid_item_id not like 'item-%'"),
  ).toEqual([]);
});

test("/item/remove counts as done once the token of today's keys has been refused for a while", async () => {
  const bank = await connectBank(app);
  await refusing("/item/remove");
  await disconnect(bank);
  await recover();
  expect(await attempts()).toEqual([{ status: "removing", token: true }]);
  await anHourLater();
  await recover();
  expect(await attempts()).toEqual([{ status: "failed", token: false }]);
});

test("Update mode is unavailable for a refused token until the Item counts as gone", async () => {
  const bank = await connectBank(app);
  const finish = async () =>
    (await app.post("/api/v1/finished-updates", { item_id: bank.itemId }, bank.owner)).body.error
      .reason;
  const open = async () =>
    (await app.post("/api/v1/link-tokens", { item_id: bank.itemId }, bank.owner)).body.error.reason;
  await refusing("*");
  expect([await finish(), await open()]).toEqual(["bank_unavailable", "link_unavailable"]);
  await anHourLater();
  expect([await finish(), await open()]).toEqual(["item_gone", "item_gone"]);
});
