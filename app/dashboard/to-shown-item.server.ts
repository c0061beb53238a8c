import type {
  Account,
  ItemWithAccounts,
  UnconnectedAccount,
} from "../../server/contracts/accounts.ts";
import { itemProblems } from "../../server/contracts/item-problem.ts";
import type { Timeline, TimelineStep } from "../../server/contracts/timeline.ts";
import type { Mark } from "../components/bank-mark.tsx";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { accountKind, isDebt } from "./account-kind.ts";
import { words } from "./item-words.ts";
import { toMark } from "./to-mark.server.ts";

/**
 * A bank as its card shows it, with its texts. Written on the server, so that the browser needs no code for
 * it.
 */
export interface ShownItem {
  id: string;
  bank: string;
  mark: Mark;
  /** The bank's own site. */
  site: string | null;
  /** The text of the status, and whether it is good. */
  status: { words: string; good: boolean };
  /** "3 accounts". */
  accountsLabel: string;
  /** ISO 8601. */
  createdAt: string;
  requiredAction: RequiredAction | null;
  /** Whether Link can open for it: its access has not ended. */
  canOpenLink: boolean;
  /** Whether a refresh is possible or running. */
  refresh: "possible" | "running" | null;
  accounts: ShownAccount[];
  /** Whether its accounts have transactions. */
  hasTransactions: boolean;
  /** Accounts that the bank shares and the user did not choose. */
  notConnected: ShownUnconnected[];
  timeline: ShownTimeline | null;
  /** Sentences about what is missing or outdated, and why. */
  notes: string[];
}

/**
 * What the user must do to keep a bank's data coming. `endsAt` (ISO 8601): when the data stops. `action` is
 * what helps: a log-in, choosing the bank's accounts, disconnecting it, or another plan; null if the user can
 * do nothing.
 */
export interface RequiredAction {
  words: string;
  endsAt: string | null;
  action: "reconnect" | "choose" | "connect_again" | "disconnect" | "plans" | null;
  urgent: boolean;
}

/** One account with its formatted texts. */
export interface ShownAccount {
  id: string;
  name: string;
  /** The bank's name for it. */
  bankName: string;
  fullName: string;
  kind: string;
  mask: { seen: string; spoken: string } | null;
  /** Null if the bank does not provide it. */
  balance: string | null;
  /** The text below the balance: the available amount, that it is a debt, or that it is outdated. */
  below: string;
  /** Whether it is left out of totals. */
  hidden: boolean;
}

/** An account that is not connected, with its name. */
export type ShownUnconnected = Pick<ShownAccount, "id" | "name" | "fullName" | "kind" | "mask">;

/** `line`: the text of the closed timeline. */
export interface ShownTimeline {
  line: ShownStep;
  steps: ShownStep[];
}

/** A step with its text, followed by `at` in the user's time zone. */
export interface ShownStep extends Pick<TimelineStep, "step" | "state"> {
  words: string;
  /** `iso`: ISO 8601. */
  at: { iso: string; timeOnly: boolean } | null;
}

/** `room`: whether the plan has room for another account. */
export function toShownItem(item: ItemWithAccounts, { room }: { room: boolean }): ShownItem {
  return {
    id: item.id,
    bank: item.institution.name,
    mark: toMark(item.institution),
    site: item.institution.url,
    status: statusOf(item),
    accountsLabel: text.dashboard.accountCount(item.accounts.length),
    createdAt: item.createdAt,
    requiredAction: requiredActionOf(item, room),
    canOpenLink: item.status !== "revoked",
    refresh: refreshOf(item),
    accounts: item.accounts.map(toShownAccount),
    hasTransactions: item.hasTransactions,
    notConnected: item.notConnected.map(toIdentity),
    timeline: toShownTimeline(item),
    notes: notesOf(item),
  };
}

function refreshOf({ status, refresh }: ItemWithAccounts): ShownItem["refresh"] {
  if (status === "revoked" || status === "login_required") return null;
  return refresh.status === "running" ? "running" : "possible";
}

function notesOf({ sync, unreadable: { transactions, accounts } }: ItemWithAccounts): string[] {
  const { unreadable, cursorRefused } = words;
  const counts = [
    transactions > 0 ? unreadable.transactions(transactions) : null,
    accounts > 0 ? unreadable.accounts(accounts) : null,
  ].filter((words) => words !== null);
  return [
    ...counts.map((words) => `${words}. ${unreadable.hint}`),
    ...(sync.problem === "cursor_refused" ? [cursorRefused] : []),
  ];
}

/**
 * Returns the problem that the card shows. Before the first transactions, only the timeline shows that the
 * bank is unavailable: a notice that appears and disappears would move the page.
 */
function shownProblem({ problem, sync }: ItemWithAccounts): ItemWithAccounts["problem"] {
  return problem?.kind === "wait" && sync.at === null ? null : problem;
}

function statusOf(item: ItemWithAccounts): ShownItem["status"] {
  const { status } = item;
  const statusWords = words.status;
  const problem = shownProblem(item);
  if (problem) return { words: statusWords[problem.kind], good: false };
  const isExpiring = status === "expiring";
  if (refreshOf(item) === "running") return { words: statusWords.refreshing, good: !isExpiring };
  return { words: isExpiring ? statusWords.expiring : statusWords.good, good: !isExpiring };
}

function requiredActionOf(item: ItemWithAccounts, room: boolean): RequiredAction | null {
  const { asks } = words;
  const problem = shownProblem(item);
  if (problem) {
    const { kind, message } = problem;
    const { action } = itemProblems[kind];
    return { words: message, endsAt: null, action, urgent: kind !== "wait" };
  }
  if (item.status === "expiring") {
    return { words: asks.expiring, endsAt: item.expiresAt, action: "reconnect", urgent: true };
  }
  const choice = { endsAt: null, action: "choose", urgent: false } as const;
  if (item.newAccounts) {
    return room
      ? { ...choice, words: asks.newAccounts }
      : { ...choice, words: asks.noRoom, action: "plans" };
  }
  return item.accounts.some(({ revoked }) => revoked) ? { ...choice, words: asks.notShared } : null;
}

function toIdentity({
  id,
  name,
  officialName,
  mask,
  type,
  subtype,
}: UnconnectedAccount): ShownUnconnected {
  return {
    id,
    name,
    fullName: officialName ?? name,
    kind: accountKind(type, subtype),
    mask: mask ? { seen: text.account.mask(mask), spoken: text.account.maskSpoken(mask) } : null,
  };
}

/** Returns one account of a bank's card, or of a type's. */
export function toShownAccount(account: Account): ShownAccount {
  const { current, currency } = account.balances;
  // The text below it says who owes whom.
  const shown = inCredit(account) ? current?.slice(1) : current;
  return {
    ...toIdentity(account),
    bankName: account.bankName,
    hidden: account.hidden,
    balance: shown == null ? null : formatMoney(shown, currency),
    below: belowBalance(account),
  };
}

/** More was paid back than was owed: the bank owes the user. */
const inCredit = ({ type, balances, revoked }: Account) =>
  !revoked && isDebt(type) && balances.current?.startsWith("-") === true;

function belowBalance(account: Account): string {
  const { type, balances, revoked, hidden } = account;
  const { current, available, limit, currency } = balances;
  if (revoked) return words.account.notShared;
  if (hidden) return words.account.hidden;
  if (inCredit(account)) return words.account.owedToYou;
  if (isDebt(type)) {
    if (type === "credit" && limit !== null) {
      return words.account.ofLimit(formatMoney(limit, currency));
    }
    return current === null ? "" : words.account.owed;
  }
  return available === null ? "" : words.account.available(formatMoney(available, currency));
}

function toShownTimeline(item: ItemWithAccounts): ShownTimeline | null {
  const step = current(item.timeline);
  if (!step) return null;
  const { transactions, steps } = item.timeline;
  const done = step.step === "done" && step.state === "done";
  return {
    line: done ? freshnessStep(item) : toShownStep(step, transactions),
    steps: steps.map((each) => toShownStep(each, transactions)),
  };
}

/** After the first sync: how recent the data is. */
function freshnessStep(item: ItemWithAccounts): ShownStep {
  const { status, problem, sync, timeline, hasTransactions } = item;
  const flows = status === "good" || status === "expiring";
  if (flows && problem === null && sync.status !== "failed") {
    return {
      step: "done",
      state: "done",
      words: hasTransactions
        ? words.timeline.upToDate(timeline.transactions)
        : words.timeline.balancesUpToDate,
      at: null,
    };
  }
  return {
    step: "done",
    state: flows ? "failed" : "needs_you",
    words: words.timeline.lastUpdated,
    at: sync.at === null ? null : { iso: sync.at, timeOnly: false },
  };
}

/**
 * Returns the step that the closed line shows: a problem before a running step, and that before a future one.
 */
function current({ steps }: Timeline): TimelineStep | undefined {
  const first = (state: TimelineStep["state"]) => steps.find((step) => step.state === state);
  return (
    first("needs_you") ?? first("failed") ?? first("running") ?? first("waiting") ?? steps.at(-1)
  );
}

function toShownStep({ step, state, retryAt }: TimelineStep, transactions: number): ShownStep {
  const name =
    step === "transactions" && transactions > 0
      ? words.timeline.arrived(transactions)
      : words.timeline.step[step];
  return {
    step,
    state,
    words: state === "done" ? name : `${name}: ${words.timeline.state[state]}`,
    at: retryAt === null ? null : { iso: retryAt, timeOnly: true },
  };
}
