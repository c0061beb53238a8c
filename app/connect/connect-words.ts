import { bankReasons } from "../../server/contracts/bank-reasons.ts";
import type {
  ConnectAccountOutput,
  FinishUpdateModeOutput,
} from "../../server/contracts/connect.ts";
import type { ReasonDetails } from "../../server/contracts/errors.ts";
import { itemProblems, problemOfCode } from "../../server/contracts/item-problem.ts";
import {
  bankMessage,
  duplicateDetails,
  type Failure,
  isLostForGood,
  limitDetails,
} from "../failure.ts";
import { text } from "../text.ts";
import type {
  ConnectAction,
  ConnectProblem,
  LinkError,
  OpenRequest,
  Task,
} from "./connect-types.ts";

/** The texts and buttons of every way a run can end. */

const logIn: ConnectAction = { label: text.problem.logIn, event: { type: "visit", page: "login" } };
const seePlans: ConnectAction = { label: text.plan.see, event: { type: "visit", page: "plans" } };

const setUp: ConnectAction = {
  label: text.problem.setUp,
  event: { type: "visit", page: "secondFactor" },
};

const reload: ConnectAction = {
  label: text.problem.reload,
  event: { type: "visit", page: "current" },
};

/** For these reasons, only this action helps. */
const instead: Partial<Record<Failure["reason"], ConnectAction>> = {
  unauthenticated: logIn,
  second_factor_required: setUp,
};

const open = (label: string, itemId: string | null): ConnectAction => ({
  label,
  event: { type: "open", request: { itemId, returned: null } },
});

/** The bank cannot be read: only another one can be connected. */
const connectAnother = open(text.problem.connectAnother, null);

/** Access has ended: a new connection takes over the accounts. */
const connectAgain = (itemId: string): ConnectAction => ({
  label: text.problem.connectAgain,
  event: { type: "open", request: { itemId: null, returned: null, connectAgain: itemId } },
});

const retry = (label: string, task: Task): ConnectAction => ({
  label,
  event: { type: "retry", task },
});

export function successOf(result: ConnectAccountOutput | FinishUpdateModeOutput): string {
  const { name } = result.item.institution;
  if ("added" in result) {
    return result.added > 0
      ? text.connect.added(name, result.added)
      : text.connect.reconnected(name);
  }
  const say =
    result.outcome === "connected" ? text.connect.connected : text.connect.alreadyConnected;
  return say(name, result.accounts.length);
}

/** Link could not be opened. */
export function openProblem(request: OpenRequest, failure: Failure): ConnectProblem {
  return problemOf(failure, text.problem.link, nextOfOpen(request, failure));
}

function nextOfOpen(request: OpenRequest, { reason, retryable }: Failure): ConnectAction {
  // The user confirms the email in another tab, and then tries again here.
  if (retryable || reason === "email_unverified") {
    return { label: text.problem.tryAgain, event: { type: "open", request } };
  }
  if (reason === "item_gone" && request.itemId !== null) return connectAgain(request.itemId);
  return neverReopened.has(reason) ? connectAnother : reload;
}

/** For these reasons, the server may have done what was requested. */
const unconfirmed = new Set<Failure["reason"]>([
  "network",
  "unknown",
  "internal",
  "outcome_pending",
]);

/** For these reasons, opening Link again would not help. */
const neverReopened = new Set<Failure["reason"]>(["bank_unsupported"]);

/** After these reasons, update mode need not open again: only the server's part is retried. */
const temporaryReasons = new Set<Failure["reason"]>(["bank_unavailable"]);

/** For these reasons, the user has to choose accounts, and the label says so. */
const choosing = new Set<Failure["reason"]>(["bank_accounts_required"]);

/** The server did not complete what was started in Link. */
export function taskProblem(task: Task, failure: Failure): ConnectProblem {
  const isNew = task.kind === "connect";
  const duplicate = isNew ? duplicateDetails(failure) : null;
  if (isNew && duplicate) return duplicateProblem(task, duplicate);

  const stopped = isNew ? text.problem.connect : text.problem.reconnect;
  const limit = limitDetails(failure);
  const problem = problemOf(
    failure,
    unconfirmed.has(failure.reason) ? text.problem.connectUnclear : stopped,
    isNew ? nextOfConnect(task, failure) : nextOfUpdate(task, failure),
  );
  if (failure.reason === "network") {
    return { ...problem, message: text.problem.networkAfterBank };
  }
  if (isLostForGood(failure)) return { ...problem, message: text.problem.lostForGood };
  if (limit && !isNew) {
    // The bank works again; only its new accounts were not added.
    const { plan, limit: max, wanted } = limit;
    return {
      ...problem,
      title: text.connect.reconnected(task.bank),
      message: text.plan.noneAdded(plan, max, wanted),
    };
  }
  return problem;
}

type TaskOf<Kind extends Task["kind"]> = Extract<Task, { kind: Kind }>;

function nextOfConnect(task: TaskOf<"connect">, failure: Failure): ConnectAction {
  // A retry with the same public_token returns the list of accounts again.
  if (limitDetails(failure)?.choice) {
    return retry(text.connect.choose, { ...task, accountIds: null });
  }
  const { retryable } = failure;
  return retryable ? retry(text.problem.tryAgain, task) : open(text.problem.connectAgain, null);
}

function nextOfUpdate(task: TaskOf<"update">, { reason, retryable }: Failure): ConnectAction {
  if (reason === "limit_reached") {
    const event = { type: "changeAccounts", itemId: task.itemId } as const;
    return { label: text.connect.choose, event };
  }
  if (reason === "item_gone") return connectAgain(task.itemId);
  if (neverReopened.has(reason)) return connectAnother;
  if (retryable || temporaryReasons.has(reason)) return retry(text.problem.tryAgain, task);
  return open(choosing.has(reason) ? text.connect.choose : text.connect.reconnect, task.itemId);
}

/**
 * Link was closed after an error. An error that Plaid documents has the text that a call with this error
 * would show; any other has Plaid's message, where there is one.
 */
export function exitProblem(itemId: string | null, { code, message }: LinkError): ConnectProblem {
  const isNew = itemId === null;
  const kind = problemOfCode(code);
  const { action = "reconnect", reason } = kind ? itemProblems[kind] : {};
  const explanation = reason
    ? bankReasons[reason].message
    : usedReturns.has(code)
      ? text.problem.usedReturn
      : message || (isNew ? text.problem.linkExit : text.problem.updateExit);
  if (isNew) {
    return {
      title: text.problem.linkClosed,
      message: explanation,
      actions: [open(text.problem.connectAgain, null)],
    };
  }
  return {
    title: text.problem.reconnect,
    message: explanation,
    // Link returned no result, so there is nothing to finish: only opening it again may help.
    actions:
      action === "connect_again"
        ? [connectAgain(itemId)]
        : action === "disconnect"
          ? [connectAnother]
          : [open(exitLabels[action ?? "wait"], itemId)],
  };
}

/**
 * The URL that a bank redirected to belongs to another Link, or was used before.
 * https://plaid.com/docs/errors/oauth/
 */
const usedReturns = new Set([
  "OAUTH_STATE_ID_ALREADY_PROCESSED",
  "OAUTH_STATE_ID_NOT_FOUND",
  "INCORRECT_LINK_TOKEN",
]);

const exitLabels = {
  reconnect: text.connect.reconnect,
  choose: text.connect.choose,
  wait: text.problem.tryAgain,
};

/** Link called `onSuccess` without a public_token. */
export const noTokenProblem = (): ConnectProblem => ({
  title: text.problem.linkClosed,
  message: text.problem.noToken,
  actions: [open(text.problem.connectAgain, null)],
});

/**
 * Returns the message of the failure, unless the plan's limit or a missing session has a more helpful one.
 */
function problemOf(failure: Failure, title: string, next: ConnectAction): ConnectProblem {
  const limit = limitDetails(failure);
  const first = instead[failure.reason] ?? next;
  return {
    ...(limit ? limitWords(limit) : { title, message: bankMessage(failure) ?? failure.message }),
    requestId: failure.requestId,
    actions: limit === null ? [first] : limit.used < limit.limit ? [first, seePlans] : [seePlans],
  };
}

function limitWords({ plan, limit, used, wanted }: ReasonDetails["limit_reached"]) {
  return used >= limit
    ? { title: text.problem.limit, message: text.plan.full(plan, limit, used) }
    : { title: text.problem.tooMany, message: text.plan.tooMany(plan, limit, used, wanted) };
}

/** Lists the accounts that the user already has, and what to do: reconnect their bank, or connect anyway. */
function duplicateProblem(
  task: Extract<Task, { kind: "connect" }>,
  details: ReasonDetails["duplicate_accounts"],
): ConnectProblem {
  const { itemId, institutionName: bank, accounts, mayConnectAnyway } = details;
  const { offeredCount, newCount, itemStatus } = details;
  const names = accounts.map(({ name, mask }) =>
    mask ? `${name} ${text.account.mask(mask)}` : name,
  );
  if (itemStatus === "revoked") {
    // It is no longer a duplicate: the new log-in replaces it.
    return {
      title: text.problem.ended(bank),
      message: text.problem.takeOver,
      actions: [retry(text.problem.connectAgain, task)],
    };
  }
  const reconnect = open(text.problem.reconnectBank(bank), itemId);
  const anyway = retry(text.problem.connectAnyway, { ...task, connectAnyway: true });
  if (newCount > 0) {
    const request = { itemId, chooseAccounts: true, returned: null };
    const add: ConnectAction = {
      label: text.problem.addTo(bank),
      event: { type: "open", request },
    };
    return {
      title: text.problem.someNew(newCount, offeredCount),
      message: text.problem.addNew(bank, newCount, mayConnectAnyway),
      accounts: names,
      actions: mayConnectAnyway ? [add, anyway] : [add],
    };
  }
  return {
    title: text.problem.duplicate,
    message: text.problem.duplicateAccounts(bank, names.length, mayConnectAnyway),
    accounts: names,
    actions: mayConnectAnyway ? [reconnect, anyway] : [reconnect],
  };
}
