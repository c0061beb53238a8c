import { expect, test } from "vitest";
import { tables, transactionsCsv } from "../../app/settings/exports.ts";
import type { ExportOutput } from "../../server/contracts/account.ts";

const id = "00000000-0000-4000-8000-000000000000";
const createdAt = "2026-01-02T03:04:05.000Z";

function exported(name: string, current: string | null): ExportOutput {
  return {
    exportedAt: createdAt,
    user: { id, name: "Ada", email: "ada@example.com" },
    plan: "analyst",
    items: [
      {
        id,
        institution: { logo: null, color: null, url: null, id: null, name: 'Smith, "Jones" & Søn' },
        status: "good",
        problem: null,
        expiresAt: null,
        newAccounts: false,
        hasTransactions: true,
        notConnected: [],
        refresh: { status: "idle", availableAt: null },
        sync: { status: "done", at: null, problem: null },
        unreadable: { transactions: 0, accounts: 0 },
        timeline: { steps: [], transactions: 0 },
        createdAt,
        accounts: [
          {
            ...{
              id,
              itemId: id,
              name,
              bankName: name,
              hidden: false,
              officialName: null,
              mask: "0001",
              type: "depository",
            },
            subtype: "checking",
            revoked: false,
            balances: { current, available: null, limit: null, currency: "USD" },
          },
        ],
      },
    ],
    planRequests: [],
    activity: [],
    logIns: [],
    securityEvents: [],
    consents: [],
    secondFactors: { totpSince: null, passkeys: [], backupCodesLeft: 0 },
    declinedNotices: [],
    sessions: [],
    apiKeys: [],
    webhooks: [],
    transactions: [],
  };
}

const line = (data: ExportOutput) => tables["accounts.csv"]?.(data).split("\r\n")[1];

test("A CSV file quotes where needed, keeps amounts and last digits unchanged, and opens as UTF-8 in Excel", () => {
  const data = exported("Checking", "-1234.50");
  expect(tables["accounts.csv"]?.(data).charCodeAt(0)).toBe(0xfeff);
  expect(line(data)).toBe(
    `"Smith, ""Jones"" & Søn",good,${createdAt},Checking,,0001,depository,checking,-1234.50,,,USD`,
  );
});

test.each(["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1", "＠SUM(A1)"])(
  "An account that a bank names %j is not a formula in a spreadsheet",
  (name) => {
    expect(line(exported(name, "1.00"))).toContain(`,'${name},`);
  },
);

test("A CSV file has its header when it has no rows", () => {
  const data = { ...exported("x", null), items: [] };
  expect(tables["accounts.csv"]?.(data)).toMatch(/^\uFEFFbank,status,[\w,]+,currency\r\n$/);
  expect(tables["activity.csv"]?.(data)).toBe("\uFEFFat,what,bank,accounts,reason\r\n");
});

test("transactions.csv has its header once over all pages, and money out is negative as on the page", async () => {
  const { items } = exported("Checking", null);
  const transaction = {
    ...{ id: "t1", accountId: id, date: "2026-01-02", amount: "12.50", currency: "USD" },
    ...{ name: "=1+1", merchant: "+41 Cafe", category: null, corrected: false, pending: false },
  };
  async function* pages() {
    yield [transaction];
    yield [{ ...transaction, amount: "-3", name: "Refund", merchant: null, pending: true }];
  }
  const parts: string[] = [];
  for await (const part of transactionsCsv(items, pages())) parts.push(part);
  expect(parts.join("")).toBe(
    [
      "\uFEFFdate,bank,account,mask,amount,currency,name,merchant,category,pending",
      `2026-01-02,"Smith, ""Jones"" & Søn",Checking,0001,-12.50,USD,'=1+1,'+41 Cafe,,no`,
      `2026-01-02,"Smith, ""Jones"" & Søn",Checking,0001,3,USD,Refund,,,yes`,
      "",
    ].join("\r\n"),
  );
});
