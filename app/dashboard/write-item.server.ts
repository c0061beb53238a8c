import type {
  Account,
  ItemWithAccounts,
  UnconnectedAccount,
} from "../../server/contracts/accounts.ts";
import { itemProblems } from "../../server/contracts/item-problem.ts";
import type { Trail, TrailStep } from "../../server/contracts/trail.ts";
import type { Mark } from "../components/bank-mark.tsx";
import { formatMoney } from "../components/money.ts";
import { text } from "../text.ts";
import { accountKind, isDebt } from "./account-kind.ts";
import { words } from "./item-words.ts";
import { writeMark } from "./write-mark.server.ts";

/** A bank as its card shows it: written out here, so that the browser loads and runs nothing to do it. */
export interface ShownItem {
  id: string;
  bank: string;
  mark: Mark;
  /** The bank's own site. */
  site: string | null;
  /** In words, and whether all is well. */
  status: { words: string; good: boolean };
  /** "3 accounts". */
  counted: string;
  /** ISO 8601. */
  createdAt: string;
  asks: ShownAsk | null;
  /** Its access has not ended: Link can open for it. */
  isOpen: boolean;
  /** Whether it can be asked for its newest data, or is just being asked. */
  refresh: "possible" | "running" | null;
  accounts: ShownAccount[];
  /** Its accounts have transactions to look at. */
  hasTransactions: boolean;
  /** What the bank shares and the user did not choose. */
  notConnected: ShownUnconnected[];
  trail: ShownTrail | null;
  /** What is missing or old, and why, each as a sentence. */
  notes: string[];
}

/**
 * What the bank wants of the user. `ends` (ISO 8601): until when nothing stops. `way` is what leads
 * on: a log-in, the bank's accounts to choose from, disconnecting it, or another plan; null where there
 * is nothing to do.
 */
export interface ShownAsk {
  words: string;
  ends: string | null;
  way: "reconnect" | "choose" | "connect_again" | "disconnect" | "plans" | null;
  urgent: boolean;
}

/** One account, each part of it as a person reads it. */
export interface ShownAccount {
  id: string;
  name: string;
  /** What the bank calls it. */
  bankName: string;
  fullName: string;
  kind: string;
  mask: { seen: string; spoken: string } | null;
  /** Null where the bank does not give it. */
  balance: string | null;
  /** What stands under the balance: what can be spent, that it is owed, or that it is old. */
  below: string;
  /** It is left out of totals. */
  hidden: boolean;
}

/** An account that is not connected, by its name. */
export type ShownUnconnected = Pick<ShownAccount, "id" | "name" | "fullName" | "kind" | "mask">;

/** `line`: what the closed trail says. */
export interface ShownTrail {
  line: ShownStep;
  steps: ShownStep[];
}

/** A step in words; `at` is written after them, in the reader's own time. */
export interface ShownStep extends Pick<TrailStep, "step" | "state"> {
  words: string;
  /** `iso`: ISO 8601. */
  at: { iso: string; timeOnly: boolean } | null;
}

/** `room`: the plan has some for another account. */
export function writeItem(item: ItemWithAccounts, { room }: { room: boolean }): ShownItem {
  return {
    id: item.id,
    bank: item.institution.name,
    mark: writeMark(item.institution),
    site: item.institution.url,
    status: writeStatus(item),
    counted: text.dashboard.accountCount(item.accounts.length),
    createdAt: item.createdAt,
    asks: writeAsk(item, room),
    isOpen: item.status !== "revoked",
    refresh: writeRefresh(item),
    accounts: item.accounts.map(writeAccount),
    hasTransactions: item.hasTransactions,
    notConnected: item.notConnected.map(writeIdentity),
    trail: writeTrail(item),
    notes: writeNotes(item),
  };
}

function writeRefresh({ status, refresh }: ItemWithAccounts): ShownItem["refresh"] {
  if (status === "revoked" || status === "login_required") return null;
  return refresh.status === "running" ? "running" : "possible";
}

function writeNotes({ sync, unreadable: { transactions, accounts } }: ItemWithAccounts): string[] {
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
 * The problem that the card shows. Until the first transactions are there the timeline says that the bank
 * is away: a notice that comes and goes would move the page.
 */
function shownProblem({ problem, sync }: ItemWithAccounts): ItemWithAccounts["problem"] {
  return problem?.kind === "wait" && sync.at === null ? null : problem;
}

function writeStatus(item: ItemWithAccounts): ShownItem["status"] {
  const { status } = item;
  const said = words.status;
  const problem = shownProblem(item);
  if (problem) return { words: said[problem.kind], good: false };
  const isExpiring = status === "expiring";
  if (writeRefresh(item) === "running") return { words: said.refreshing, good: !isExpiring };
  return { words: isExpiring ? said.expiring : said.good, good: !isExpiring };
}

function writeAsk(item: ItemWithAccounts, room: boolean): ShownAsk | null {
  const { asks } = words;
  const problem = shownProblem(item);
  if (problem) {
    const { kind, message } = problem;
    const { action } = itemProblems[kind];
    return { words: message, ends: null, way: action, urgent: kind !== "wait" };
  }
  if (item.status === "expiring") {
    return { words: asks.expiring, ends: item.expiresAt, way: "reconnect", urgent: true };
  }
  const choice = { ends: null, way: "choose", urgent: false } as const;
  if (item.newAccounts) {
    return room
      ? { ...choice, words: asks.newAccounts }
      : { ...choice, words: asks.noRoom, way: "plans" };
  }
  return item.accounts.some(({ revoked }) => revoked) ? { ...choice, words: asks.notShared } : null;
}

function writeIdentity({
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

/** One account of a bank's card, or of a kind's. */
export function writeAccount(account: Account): ShownAccount {
  const { current, currency } = account.balances;
  // What stands below it says whose money it is.
  const shown = inCredit(account) ? current?.slice(1) : current;
  return {
    ...writeIdentity(account),
    bankName: account.bankName,
    hidden: account.hidden,
    balance: shown == null ? null : formatMoney(shown, currency),
    below: belowBalance(account),
  };
}

/** More was paid back than was owed: the bank owes the person. */
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

function writeTrail(item: ItemWithAccounts): ShownTrail | null {
  const step = current(item.trail);
  if (!step) return null;
  const { transactions, steps } = item.trail;
  const done = step.step === "done" && step.state === "done";
  return {
    line: done ? writeFreshness(item) : writeStep(step, transactions),
    steps: steps.map((each) => writeStep(each, transactions)),
  };
}

/** After the first sync: how fresh the data is. */
function writeFreshness(item: ItemWithAccounts): ShownStep {
  const { status, problem, sync, trail, hasTransactions } = item;
  const flows = status === "good" || status === "expiring";
  if (flows && problem === null && sync.status !== "failed") {
    return {
      step: "done",
      state: "done",
      words: hasTransactions
        ? words.trail.upToDate(trail.transactions)
        : words.trail.balancesUpToDate,
      at: null,
    };
  }
  return {
    step: "done",
    state: flows ? "failed" : "needs_you",
    words: words.trail.lastUpdated,
    at: sync.at === null ? null : { iso: sync.at, timeOnly: false },
  };
}

/** What the closed line is about: what is wrong before what goes on, and that before what is to come. */
function current({ steps }: Trail): TrailStep | undefined {
  const first = (state: TrailStep["state"]) => steps.find((step) => step.state === state);
  return (
    first("needs_you") ?? first("failed") ?? first("running") ?? first("waiting") ?? steps.at(-1)
  );
}

function writeStep({ step, state, retryAt }: TrailStep, transactions: number): ShownStep {
  const name =
    step === "transactions" && transactions > 0
      ? words.trail.arrived(transactions)
      : words.trail.step[step];
  return {
    step,
    state,
    words: state === "done" ? name : `${name}: ${words.trail.state[state]}`,
    at: retryAt === null ? null : { iso: retryAt, timeOnly: true },
  };
}
