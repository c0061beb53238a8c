import { expect, test } from "vitest";
import { exports } from "../../app/settings/exports.ts";
import type { ExportOutput } from "../../server/contracts/account.ts";

const id = "00000000-0000-4000-8000-000000000000";
const createdAt = "2026-01-02T03:04:05.000Z";

function exported(name: string, current: string | null): ExportOutput {
  return {
    exportedAt: createdAt,
    person: { id, name: "Ada", email: "ada@example.com" },
    items: [
      {
        id,
        institution: { id: null, name: 'Smith, "Jones" & Søn' },
        status: "good",
        expiresAt: null,
        newAccounts: false,
        sync: { status: "done", at: null },
        trail: { steps: [], transactions: 0 },
        createdAt,
        accounts: [
          {
            ...{ id, itemId: id, name, officialName: null, mask: "0001", type: "depository" },
            subtype: "checking",
            revoked: false,
            balances: { current, available: null, limit: null, currency: "USD" },
          },
        ],
      },
    ],
    activity: [],
    transactions: [],
  };
}

const line = (data: ExportOutput) => exports["accounts.csv"]?.write(data).split("\r\n")[1];

test("a CSV file quotes what needs it, keeps amounts and last digits as they are, and reads as UTF-8 in Excel", () => {
  const data = exported("Checking", "-1234.50");
  expect(exports["accounts.csv"]?.write(data).charCodeAt(0)).toBe(0xfeff);
  expect(line(data)).toBe(
    `"Smith, ""Jones"" & Søn",good,${createdAt},Checking,,0001,depository,checking,-1234.50,,,USD`,
  );
});

test.each(["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(A1)", "\t=1"])(
  "an account that a bank calls %j is no formula to a spreadsheet",
  (name) => {
    expect(line(exported(name, "1.00"))).toContain(`,'${name},`);
  },
);

test("without rows a CSV file still has its header", () => {
  const data = { ...exported("x", null), items: [] };
  expect(exports["accounts.csv"]?.write(data)).toMatch(/^\uFEFFbank,status,[\w,]+,currency\r\n$/);
  expect(exports["activity.csv"]?.write(data)).toBe("\uFEFFat,what,bank,accounts,reason\r\n");
});
