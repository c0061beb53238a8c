import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, vi } from "vitest";
import { pdfOf } from "../src/pdf.ts";
import { connect, control, failure, KIND, plaidClient } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";

const test = testWithSandbox({ ...KIND, seed: 51 });

/** The objects in a PDF's table of offsets, by number. */
function objectsOf(pdf: Buffer): string[] {
  const text = pdf.toString("latin1");
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  const offsets = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) => at);
  return offsets.map((at, index) => {
    const object = text.slice(Number(at));
    expect(object.startsWith(`${index + 1} 0 obj\n`)).toBe(true);
    return object.slice(0, object.indexOf("endobj"));
  });
}

test("A PDF has its lines on as many pages as they need, with every special character escaped", () => {
  const objects = objectsOf(pdfOf(["(a) \\ é", ...Array.from({ length: 60 }, () => "line")]));
  expect(objects[1]).toContain("/Count 2");
  expect(objects).toHaveLength(7);
  expect(objects[4]).toContain("(\\(a\\) \\\\ ?) Tj T*");
  for (const object of objects.filter((each) => each.includes("stream"))) {
    const [, length, text] = /\/Length (\d+) >>\nstream\n(.*)\nendstream/s.exec(object) ?? [];
    expect(text).toHaveLength(Number(length));
  }
  expect(objectsOf(pdfOf([]))).toHaveLength(5);
});

test("Statements are the whole months of the Item's history, and each downloads with its hash", async ({
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const { accounts } = (await plaid.statementsList({ access_token })).data;
  const [checking] = accounts;
  expect(checking?.statements[0]).toMatchObject({
    month: 5,
    year: 2026,
    date_posted: "2026-06-01",
  });
  expect(checking?.statements.length).toBeGreaterThan(20);
  const statement_id = checking?.statements[0]?.statement_id ?? "";
  const { data, headers } = await plaid.statementsDownload(
    { access_token, statement_id },
    { responseType: "arraybuffer" },
  );
  const pdf = Buffer.from(data as unknown as ArrayBuffer);
  expect(headers["content-type"]).toBe("application/pdf");
  expect(headers["plaid-content-hash"]).toBe(createHash("sha256").update(pdf).digest("hex"));
  const text = objectsOf(pdf).join("\n");
  expect(text).toContain("2026-05-01 to 2026-05-31");
  expect(text).not.toContain("(2026-04");
  const other = await connect(plaid, "ins_109508", { username: "somebody" });
  const foreign = { access_token: other.access_token, statement_id };
  expect((await failure(plaid.statementsDownload(foreign))).error_code).toBe("INVALID_FIELD");
});

test("An asset report lists accounts, owners, transactions and each day's balance", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const options = { client_report_id: "report-1", user: { first_name: "Ada" } };
  const created = (
    await plaid.assetReportCreate({ access_tokens: [access_token], days_requested: 60, options })
  ).data;
  expect(created.asset_report_token).toMatch(/^assets-sandbox-/);
  const { asset_report_token } = created;
  const { report } = (await plaid.assetReportGet({ asset_report_token })).data;
  expect(report).toMatchObject({
    asset_report_id: created.asset_report_id,
    client_report_id: "report-1",
    user: { first_name: "Ada" },
    days_requested: 60,
  });
  const [checking] = report.items[0]?.accounts ?? [];
  expect(checking?.owners).toHaveLength(1);
  expect(checking?.historical_balances).toHaveLength(60);
  expect(checking?.historical_balances[0]).toMatchObject({ date: "2026-06-15", current: 110 });
  for (const { date, amount } of checking?.transactions ?? []) {
    if (checking?.transactions.filter((each) => each.date === date).length !== 1) continue;
    const on = (day: number) =>
      checking.historical_balances.find(
        (each) => Date.parse(each.date) === Date.parse(date) - day * 86_400_000,
      )?.current;
    const [after, before] = [on(0), on(1)];
    if (after !== undefined && before !== undefined && !date.startsWith("2026-06-15"))
      expect(after - before).toBeCloseTo(-amount, 2);
  }
  const { data } = await plaid.assetReportPdfGet(
    { asset_report_token },
    { responseType: "arraybuffer" },
  );
  expect(objectsOf(Buffer.from(data as unknown as ArrayBuffer)).join("\n")).toContain(
    "Plaid Checking",
  );
  const stranger = plaidClient(sandbox.url, "another-client");
  expect((await failure(stranger.assetReportGet({ asset_report_token }))).error_code).toBe(
    "INVALID_FIELD",
  );
  expect((await failure(plaid.assetReportCreate({ days_requested: 1 }))).error_code).toBe(
    "MISSING_FIELDS",
  );
});

test("An asset report sends its webhook when it becomes ready, and not before", async ({
  sandbox,
  plaid,
}) => {
  const received: object[] = [];
  const receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    received.push(JSON.parse(text));
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const { access_token } = await connect(plaid);
  await control(sandbox.url, "POST", "settings", { transactions_ready_ms: 300 });
  const { asset_report_token, asset_report_id } = (
    await plaid.assetReportCreate({
      access_tokens: [access_token],
      days_requested: 1,
      options: { webhook },
    })
  ).data;
  const early = await failure(plaid.assetReportGet({ asset_report_token }));
  expect(early.error_code).toBe("PRODUCT_NOT_READY");
  await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 5_000 });
  expect(received[0]).toMatchObject({
    webhook_type: "ASSETS",
    webhook_code: "PRODUCT_READY",
    asset_report_id,
  });
  await plaid.assetReportGet({ asset_report_token });
  await control(sandbox.url, "POST", "settings", { transactions_ready_ms: 0 });
  receiver.close();
});

test("A debit scores higher the more of the account's money it takes", async ({ plaid }) => {
  const { access_token } = await connect(plaid);
  const accounts = (await plaid.accountsGet({ access_token })).data.accounts;
  const of = (type: string) => accounts.find((account) => account.type === type)?.account_id ?? "";
  const evaluate = async (amount: number, ruleset_key?: string) =>
    (
      await plaid.signalEvaluate({
        access_token,
        account_id: of("depository"),
        client_transaction_id: "debit-1",
        amount,
        ...(ruleset_key !== undefined && { ruleset_key }),
      })
    ).data;
  expect((await evaluate(10)).ruleset).toMatchObject({ ruleset_key: "default", result: "ACCEPT" });
  expect((await evaluate(5_000, "onboarding")).ruleset).toMatchObject({
    ruleset_key: "onboarding",
    result: "REROUTE",
  });
  const [low, high] = [await evaluate(10), await evaluate(90)];
  expect(high.scores?.bank_initiated_return_risk?.score).toBeGreaterThan(
    low.scores?.bank_initiated_return_risk?.score ?? 99,
  );
  const credit = {
    access_token,
    account_id: of("credit"),
    client_transaction_id: "debit-2",
    amount: 1,
  };
  expect((await failure(plaid.signalEvaluate(credit))).error_code).toBe("INVALID_FIELD");
});

test("A fault can send half of a PDF, none of it, or another status", async ({
  sandbox,
  plaid,
}) => {
  const { access_token } = await connect(plaid);
  const { accounts } = (await plaid.statementsList({ access_token })).data;
  const statement_id = accounts[0]?.statements[0]?.statement_id ?? "";
  const download = async () => {
    const answer = await fetch(`${sandbox.url}/statements/download`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "plaid-client-id": "test-client",
        "plaid-secret": "s",
      },
      body: JSON.stringify({ access_token, statement_id }),
    });
    return Buffer.from(await answer.arrayBuffer());
  };
  const whole = await download();
  const path = "/statements/download";
  await control(sandbox.url, "POST", "faults", {
    faults: [
      { path, times: 1, do: { malformed: true } },
      { path, times: 1, do: { patch: [{ op: "remove", path: "/a" }] } },
    ],
  });
  expect(await download()).toEqual(whole.subarray(0, Math.ceil(whole.length / 2)));
  expect(await download()).toEqual(whole);
  const { faults } = await control<{ faults: object[] }>(sandbox.url, "GET", "faults");
  expect(faults[1]).toMatchObject({ applied: 0, unfit: "the response is not JSON" });
});
