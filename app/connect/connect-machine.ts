import { busySeconds, limitDetails } from "../failure.ts";
import { text } from "../text.ts";
import { start } from "./connect-state.ts";
import type {
  Arrival,
  ConnectEffect,
  ConnectEvent,
  ConnectProblem,
  ConnectState,
  OpenLink,
  Step,
  Task,
} from "./connect-types.ts";
import {
  exitProblem,
  noTokenProblem,
  openProblem,
  successOf,
  taskProblem,
} from "./connect-words.ts";

/**
 * The browser's part of connecting a bank (docs/spec.md) as a pure state machine. `transition` decides
 * everything; `perform-effect.ts` runs its effects. A new connection and update mode go through the same
 * states and differ in their `Task`.
 *
 * | state     | entered by                     | the user sees                        | effects on entry      |
 * | --------- | ------------------------------ | ------------------------------------ | --------------------- |
 * | idle      | the end of a run               | one toast; none if they closed Link  | one of the two toasts |
 * | opening   | `open`                         | busy buttons                         | hideToast, openLink   |
 * | linking   | `opened`                       | Link                                 |                       |
 * | finishing | `succeeded`, `retry`, `waited` | the pending card or busy buttons     | hideToast, callServer |
 * | waiting   | `failed` with `busy`           | "Busy, trying again"                 | sendLater `waited`    |
 * | choosing  | `failed`, the plan has room    | the accounts, to choose from         |                       |
 * |           | for some accounts              |                                      |                       |
 *
 * An event that its state does not expect changes nothing. That makes a second press, `onExit` after
 * `onSuccess`, and a response to an earlier run harmless.
 */
export function transition(state: ConnectState, event: ConnectEvent): Transition {
  const { step } = state;
  const unchanged: Transition = [state, []];
  if ("run" in event && event.run !== state.run) return unchanged;

  switch (event.type) {
    case "open":
      return step.name === "idle"
        ? begin(state, { name: "opening", request: event.request })
        : unchanged;

    case "retry":
      return step.name === "idle"
        ? begin(state, { name: "finishing", task: event.task, retries: 0, link: null })
        : unchanged;

    case "opened": {
      if (step.name !== "opening") return unchanged;
      const { itemId, returned } = step.request;
      const redirectUri = returned?.redirectUri ?? null;
      return enter(state, {
        name: "linking",
        link: { token: event.linkToken, itemId, redirectUri },
      });
    }

    case "succeeded":
    case "exited": {
      if (step.name !== "linking") return unchanged;
      const task = taskAfter(step.link, event);
      if (task) return enter(state, { name: "finishing", task, retries: 0, link: step.link });
      if (event.type === "succeeded") return end(state, [show(noTokenProblem())]);
      // A user who closes Link needs no message (E2).
      return end(state, event.error ? [show(exitProblem(step.link.itemId, event.error))] : []);
    }

    case "finished": {
      if (step.name !== "finishing") return unchanged;
      const { item, accounts } = event.result;
      const arrival = {
        itemId: item.id,
        bank: item.institution.name,
        accountCount: accounts.length,
        notConnected: item.notConnected.length,
      };
      const effects: ConnectEffect[] = [
        { do: "showSuccess", message: successOf(event.result) },
        { do: "announce" },
        { do: "showDashboard" },
        { do: "sendLater", milliseconds: arrivalTime, event: { type: "arrivalFaded", arrival } },
      ];
      return end(state, effects, arrival);
    }

    case "failed": {
      const { failure } = event;
      // The page's data was outdated: with a full plan, it would not have offered this.
      const news: ConnectEffect[] = limitDetails(failure) ? [{ do: "announce" }] : [];
      if (step.name === "opening") {
        return end(state, [show(openProblem(step.request, failure)), ...news]);
      }
      if (step.name !== "finishing") return unchanged;
      const choice = limitDetails(failure)?.choice;
      if (choice && step.task.kind === "connect") {
        const { task, link } = step;
        return enter(state, { name: "choosing", task, choice, failure, link });
      }
      const milliseconds = (busySeconds(failure) ?? Number.POSITIVE_INFINITY) * 1000;
      if (step.retries < busyRetries && milliseconds <= busyWait) {
        return enter(state, { ...step, name: "waiting", milliseconds });
      }
      return end(state, [show(taskProblem(step.task, failure)), ...news]);
    }

    case "waited":
      return step.name === "waiting"
        ? enter(state, {
            name: "finishing",
            task: step.task,
            retries: step.retries + 1,
            link: step.link,
          })
        : unchanged;

    case "chose": {
      if (step.name !== "choosing") return unchanged;
      const task = { ...step.task, accountIds: event.accountIds };
      return begin(state, { name: "finishing", task, retries: 0, link: null });
    }

    case "choseNone":
      return step.name === "choosing"
        ? end(state, [show(taskProblem(step.task, step.failure))])
        : unchanged;

    case "changeAccounts": {
      const { itemId } = event;
      const effects: ConnectEffect[] = [{ do: "hideToast" }, { do: "showDashboard" }];
      return [{ ...state, changing: itemId }, itemId === null ? [] : effects];
    }

    case "arrivalFaded":
      return event.arrival === state.arrival ? [{ ...state, arrival: null }, []] : unchanged;

    case "visit":
      return [state, [{ do: "visit", page: event.page }]];

    case "leave":
      // The next user who logs in must not be offered to continue this user's connection (I6).
      return [{ ...start, run: state.run + 1 }, [{ do: "hideToast" }]];
  }
}

export type Transition = [next: ConnectState, effects: ConnectEffect[]];

/**
 * How often the call is retried automatically while the server is busy, and the longest wait, in
 * milliseconds.
 */
export const busyRetries = 2;
const busyWait = 10_000;

/** How long a new card stays highlighted, in milliseconds: slightly longer than its ring takes to fade. */
const arrivalTime = 8_000;

const begin = (state: ConnectState, step: Step): Transition =>
  enter({ ...state, run: state.run + 1 }, step);

const enter = (state: ConnectState, step: Step): Transition => [
  { ...state, step },
  effectsOnEntry(step, state.run),
];

const end = (
  state: ConnectState,
  effects: ConnectEffect[],
  arrival: Arrival | null = state.arrival,
): Transition => [{ ...state, step: { name: "idle" }, arrival }, effects];

function effectsOnEntry(step: Step, run: number): ConnectEffect[] {
  switch (step.name) {
    case "opening":
      return [{ do: "hideToast" }, { do: "openLink", run, request: step.request }];
    case "finishing":
      return [{ do: "hideToast" }, { do: "callServer", run, task: step.task }];
    case "waiting": {
      const { milliseconds } = step;
      return [{ do: "sendLater", milliseconds, event: { type: "waited", run } }];
    }
    default:
      return [];
  }
}

const show = (problem: ConnectProblem): ConnectEffect => ({ do: "showProblem", problem });

/** Returns what the server has to do after the user left Link; null for nothing. */
function taskAfter(
  { itemId, token: linkToken }: OpenLink,
  event: Extract<ConnectEvent, { type: "succeeded" | "exited" }>,
): Task | null {
  const { type, metadata } = event;
  if (itemId === null) {
    return type === "succeeded" && event.publicToken
      ? {
          kind: "connect",
          linkToken,
          publicToken: event.publicToken,
          metadata,
          connectAnyway: false,
          accountIds: null,
        }
      : null;
  }
  // Update mode: its public_token is not needed. https://plaid.com/docs/link/update-mode/
  // `item-no-error`: the bank needed no new log-in; the server checks that and clears the card.
  if (type === "exited" && event.error?.code !== "item-no-error") return null;
  return {
    kind: "update",
    linkToken,
    itemId,
    linkSessionId: metadata.linkSessionId ?? null,
    bank: metadata.institution?.name ?? text.connect.aBank,
  };
}
