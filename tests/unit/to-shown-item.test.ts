import { expect, test } from "vitest";
import { words as itemWords } from "../../app/dashboard/item-words.ts";
import { toShownItem } from "../../app/dashboard/to-shown-item.server.ts";
import type { ItemWithAccounts } from "../../server/contracts/accounts.ts";
import { itemProblems, shownProblem } from "../../server/contracts/item-problem.ts";
import type { TimelineStep } from "../../server/contracts/timeline.ts";

const { asks: words } = itemWords;
const expiresAt = "2026-12-01T09:00:00.000Z";

const item = (more: Partial<ItemWithAccounts> = {}, revoked = false): ItemWithAccounts => ({
  id: "00000000-0000-4000-8000-000000000001",
  institution: { id: null, name: "Mill Bank", logo: null, color: null, url: null },
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
  createdAt: expiresAt,
  accounts: [
    {
      id: "00000000-0000-4000-8000-000000000002",
      itemId: "00000000-0000-4000-8000-000000000001",
      name: "Checking",
      bankName: "Checking",
      officialName: null,
      mask: "12",
      type: "depository",
      subtype: "checking",
      revoked,
      hidden: false,
      balances: { current: "10", available: "9", limit: null, currency: "USD" },
    },
  ],
  ...more,
});

const problem = (kind: keyof typeof itemProblems, message: string | null = null) => {
  const status: ItemWithAccounts["status"] = itemProblems[kind].status ?? "good";
  return { status, problem: shownProblem(status, { kind, message }) };
};

test.each([
  [item(), true, null],
  [item(problem("log_in")), true, [itemProblems.log_in.message, "reconnect", null, true]],
  [
    item(problem("choose_accounts")),
    true,
    [itemProblems.choose_accounts.message, "choose", null, true],
  ],
  [item(problem("wait")), true, null],
  [
    item({ ...problem("wait"), sync: { status: "done", at: expiresAt, problem: null } }),
    true,
    [itemProblems.wait.message, null, null, false],
  ],
  [
    item({ ...problem("connect_again"), newAccounts: true }),
    true,
    [itemProblems.connect_again.message, "connect_again", null, true],
  ],
  [item(problem("unknown", "Call us.")), true, ["Call us.", "reconnect", null, true]],
  [item({ status: "expiring", expiresAt }), true, [words.expiring, "reconnect", expiresAt, true]],
  [item({ newAccounts: true }, true), true, [words.newAccounts, "choose", null, false]],
  [item({ newAccounts: true }), false, [words.noRoom, "plans", null, false]],
  [item({}, true), false, [words.notShared, "choose", null, false]],
] as const)("A card offers the action that the bank needs most (%#)", (bank, room, expected) => {
  const { requiredAction } = toShownItem(bank, { room });
  expect(
    requiredAction && [
      requiredAction.words,
      requiredAction.action,
      requiredAction.endsAt,
      requiredAction.urgent,
    ],
  ).toEqual(expected);
});

test("An account that is no longer shared says so in place of its available balance", () => {
  const below = (bank: ItemWithAccounts) => toShownItem(bank, { room: true }).accounts[0]?.below;
  expect(below(item())).toBe("$9.00 available");
  expect(below(item({}, true))).toBe("No longer shared");
});

const at = "2026-11-20T08:00:00.000Z";
const done: TimelineStep = { step: "done", state: "done", retryAt: null };
const timeline = { steps: [done], transactions: 7 };

test.each([
  [{}, "Up to date · 7 transactions fetched", "done", null],
  [{ status: "expiring" }, "Up to date · 7 transactions fetched", "done", null],
  [
    { sync: { status: "failed", at, problem: null } },
    "Last updated",
    "failed",
    { iso: at, timeOnly: false },
  ],
  [problem("wait"), "Last updated", "failed", { iso: at, timeOnly: false }],
  [{ status: "login_required" }, "Last updated", "needs_you", { iso: at, timeOnly: false }],
  [{ status: "revoked" }, "Last updated", "needs_you", { iso: at, timeOnly: false }],
] as const)(
  "A card is up to date only while its data arrives; otherwise it shows its date (%#)",
  (more, words, state, moment) => {
    const bank = item({ sync: { status: "done", at, problem: null }, timeline, ...more });
    expect(toShownItem(bank, { room: true }).timeline?.line).toEqual({
      step: "done",
      state,
      words,
      at: moment,
    });
  },
);

test.each([
  ["loan", "50", null, "$50.00", "Owed"],
  ["loan", "-50", null, "$50.00", "Owed to you"],
  ["loan", null, null, null, ""],
  ["credit", "-50", "2000", "$50.00", "Owed to you"],
  ["credit", "50", "2000", "$50.00", "of $2,000.00 limit"],
  ["depository", "-50", null, "-$50.00", "$9.00 available"],
])("A balance says who owes it (%s, %s)", (type, current, limit, balance, below) => {
  const [account] = item().accounts;
  if (!account) throw new Error("an item has an account");
  const balances = { ...account.balances, current, limit };
  const bank = item({ accounts: [{ ...account, type, balances }] });
  expect(toShownItem(bank, { room: true }).accounts[0]).toMatchObject({ balance, below });
});

test("A card says what could not be read, and that its history is incomplete", () => {
  const notes = (more: Partial<ItemWithAccounts>) => toShownItem(item(more), { room: true }).notes;
  expect(notes({})).toEqual([]);
  expect(notes({ unreadable: { transactions: 1, accounts: 2 } })).toEqual([
    "1 transaction could not be read. The bank sent data that can't be used.",
    "2 accounts could not be read in full. The bank sent data that can't be used.",
  ]);
  const [broken] = notes({ sync: { status: "failed", at, problem: "cursor_refused" } });
  expect(broken).toContain("We start over");
});
