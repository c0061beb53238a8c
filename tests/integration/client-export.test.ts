import { expect } from "vitest";
import type { ExportFormat, ExportOutput } from "../../client/src/index.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import type { Scope } from "../../server/contracts/api-keys.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { failure, json, quick, refused, startStandIn } from "../support/client.ts";
import { testWithApp } from "../support/fixtures.ts";
import { addTransactions } from "../support/rows.ts";

const test = testWithApp();

async function clientOf(app: TestApp, user: TestUser, scopes: Scope[] = ["account:export"]) {
  const input = { name: "Export", scopes, expiresInDays: 1 };
  const { key } = await createApiKey(app.services.db, user.id, input);
  return quick(app.url, { apiKey: key });
}

test("An API key with account:export gets the whole export, as an object and as a stream of each format", async ({
  app,
}) => {
  const ada = await app.signUp("analyst");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await addTransactions(app, ada, 450, 20);
  await app.query(
    `update transactions set name = '=HYPERLINK("x")', merchant = E'a "b",\\nc'
       where (user_id, id) in (select user_id, id from transactions where user_id = $1
         order by date desc, id desc limit 1)`,
    [ada.id],
  );
  const client = await clientOf(app, ada);
  const all: ExportOutput = await client.account.exportData.query();
  expect(all.transactions.length).toBeGreaterThanOrEqual(450);
  expect([all.items.length, all.apiKeys.length, all.user.id]).toEqual([1, 1, ada.id]);

  const read = async (format: ExportFormat) =>
    new Response(await client.account.download(format)).text();
  const whole = JSON.parse(await read("json"));
  expect(whole.transactions.map(({ id }: { id: string }) => id)).toEqual(
    all.transactions.map(({ id }) => id),
  );
  expect(whole.transactions[0]).toHaveProperty("account_id");

  const lines = (await read("ndjson"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { field: string; value: { id?: string } });
  const of = (field: string) => lines.flatMap((line) => (line.field === field ? line.value : []));
  expect(of("transactions")).toEqual(whole.transactions);
  expect(of("items")).toEqual(whole.items);
  expect(of("user")).toEqual([whole.user]);
  expect(new Set(lines.map(({ field }) => field))).toEqual(
    new Set(Object.keys(whole).filter((field) => whole[field].length !== 0)),
  );

  const csv = await read("csv");
  expect(csv.split("\n")[0]).toBe(
    "id,account_id,date,amount,currency,name,merchant,category,corrected,pending",
  );
  expect(csv).toContain(`,"'=HYPERLINK(""x"")",`);
  for (const { id } of all.transactions) expect(csv).toContain(id);
});

test("An export of an empty account has a header in CSV", async ({ app }) => {
  const client = await clientOf(app, await app.signUp());
  const csv = await new Response(await client.account.download("csv")).text();
  expect(csv).toBe("id,account_id,date,amount,currency,name,merchant,category,corrected,pending\n");
});

test("An API key without account:export gets no export in any format", async ({ app }) => {
  const client = await clientOf(app, await app.signUp(), ["accounts:read", "transactions:read"]);
  for (const call of [
    () => client.account.exportData.query(),
    () => client.account.download("json"),
    () => client.account.download("ndjson"),
    () => client.account.download("csv"),
  ]) {
    expect(await failure(call())).toMatchObject({
      reason: "scope_missing",
      required: "account:export",
    });
  }
});

test("A download fails with the reason when it cannot start, times out, or is aborted", async () => {
  const plain = { error: { reason: "export_running", message: "", request_id: "r-1" } };
  const { url } = await startStandIn(json(429, plain));
  expect(await failure(quick(url).account.download("csv"))).toMatchObject({
    reason: "export_running",
    requestId: "r-1",
  });
  const { url: html } = await startStandIn((_req, res) => void res.end("<h1>nginx</h1>"));
  expect((await failure(quick(html).account.download("csv"))).reason).toBe("unexpected_response");
  const { url: silent } = await startStandIn(() => {});
  const late = await failure(quick(silent).account.download("csv", { timeoutMs: 40 }));
  expect(late).toMatchObject({ reason: "timed_out", limit: "call", timeoutMs: 40 });
  const signal = AbortSignal.abort();
  const aborted = await failure(quick(silent).account.download("csv", { signal }));
  expect(aborted.reason).toBe("aborted");
  const { url: trpc } = await startStandIn(json(403, refused("scope_missing")[0]));
  expect((await failure(quick(trpc).account.download("csv"))).stack).toContain(
    import.meta.filename,
  );
});
