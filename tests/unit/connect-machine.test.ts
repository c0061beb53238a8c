import { describe, expect, test } from "vitest";
import { transition } from "../../app/connect/connect-machine.ts";
import { pendingBank, start } from "../../app/connect/connect-state.ts";
import type { ConnectEvent, Step } from "../../app/connect/connect-types.ts";
import { reasons } from "../../server/contracts/errors.ts";
import {
  at,
  busy,
  choosing,
  chose,
  choseNone,
  connectTask,
  duplicate,
  exited,
  exitedWith,
  failed,
  failure,
  finished,
  finishing,
  idle,
  itemId,
  limit,
  limitWithChoice,
  linking,
  linkNew,
  linkUpdate,
  noAnswer,
  open,
  opened,
  opening,
  outcome,
  requestReturned,
  requestUpdate,
  resultOf,
  retry,
  run,
  succeeded,
  updating,
  waited,
  waiting,
} from "../support/connect-events.ts";

describe("The connect machine", () => {
  test.each<[from: string, Step, on: string, ConnectEvent, expected: string[]]>([
    ["idle", idle, "open", open, ["opening", "hideToast", "openLink"]],
    ["idle", idle, "retry", retry, ["finishing", "hideToast", "callServer"]],
    ["opening", opening(), "opened", opened, ["linking"]],
    ["linking", linking(), "succeeded", succeeded, ["finishing", "hideToast", "callServer"]],
    ["finishing", finishing(), "failed: busy", failed(busy(3)), ["waiting", "sendLater"]],
    ["waiting", waiting, "waited", waited, ["finishing", "hideToast", "callServer"]],
    ["finishing", finishing(), "failed: room for some", failed(limitWithChoice), ["choosing"]],
    ["choosing", choosing, "chose", chose, ["finishing", "hideToast", "callServer"]],
    [
      "linking for an update",
      linking(linkUpdate),
      "succeeded",
      succeeded,
      ["finishing", "hideToast", "callServer"],
    ],
    [
      "linking for an update",
      linking(linkUpdate),
      "exited: item-no-error",
      exitedWith("item-no-error"),
      ["finishing", "hideToast", "callServer"],
    ],
  ])("continues from %s after %s: %o", (_from, step, _on, event, expected) => {
    expect(outcome(step, event)).toEqual(expected);
  });

  const steps: [string, Step][] = [
    ["idle", idle],
    ["opening", opening()],
    ["linking", linking()],
    ["finishing", finishing()],
    ["waiting", waiting],
    ["choosing", choosing],
  ];
  const events: Record<string, ConnectEvent> = {
    open,
    retry,
    opened,
    succeeded,
    exited,
    exitedWithError: exitedWith("INTERNAL_SERVER_ERROR"),
    finished,
    failed: failed(noAnswer),
    waited,
    chose,
    choseNone,
    arrivalFaded: {
      type: "arrivalFaded",
      arrival: { itemId, bank: "Mill Bank", accountCount: 2, notConnected: 0 },
    },
  };
  const expectedIn: Record<string, string[]> = {
    idle: ["open", "retry"],
    opening: ["opened", "failed"],
    linking: ["succeeded", "exited", "exitedWithError"],
    finishing: ["finished", "failed"],
    waiting: ["waited"],
    choosing: ["chose", "choseNone"],
  };
  const unexpected = steps.flatMap(([name, step]) =>
    Object.keys(events)
      .filter((event) => !expectedIn[name]?.includes(event))
      .map((event) => [name, event, step] as const),
  );
  test.each(unexpected)("changes nothing in %s after %s", (_name, event, step) => {
    const state = at(step);
    const [next, effects] = transition(state, events[event] as ConnectEvent);
    expect(next).toBe(state);
    expect(effects).toEqual([]);
  });

  test.each(steps)("ignores every response to an earlier run in %s", (_name, step) => {
    const state = at(step);
    for (const event of Object.values(events)) {
      if (!("run" in event)) continue;
      expect(transition(state, { ...event, run: run - 1 })).toEqual([state, []]);
    }
  });

  test.each(steps)("drops the connection in %s when the user leaves (I6)", (_name, step) => {
    const [next, effects] = resultOf(step, { type: "leave" });
    expect(next).toEqual({ ...start, run: run + 1 });
    expect(effects).toEqual([{ do: "hideToast" }]);
  });

  test.each(steps)("changes nothing in %s when the user visits another page", (_name, step) => {
    const state = at(step);
    const [next, effects] = transition(state, { type: "visit", page: "plans" });
    expect(next).toBe(state);
    expect(effects).toEqual([{ do: "visit", page: "plans" }]);
  });

  test("opens Link with the address that an OAuth bank returned to (S2)", () => {
    const [first, effects] = transition(start, { type: "open", request: requestReturned });
    expect(effects.at(-1)).toEqual({ do: "openLink", run: 1, request: requestReturned });
    const [{ step }] = transition(first, { type: "opened", run: 1, linkToken: "link-1" });
    const { redirectUri } = requestReturned.returned ?? {};
    expect(step).toMatchObject({ link: { token: "link-1", itemId: null, redirectUri } });
  });

  test("offers to open Link again with the address that an OAuth bank returned to (S2, E1)", () => {
    const [, effects] = resultOf(opening(requestReturned), failed(noAnswer));
    expect(effects).toMatchObject([
      { problem: { actions: [{ event: { type: "open", request: requestReturned } }] } },
    ]);
  });

  test("sends the same public_token after Try again, with connectAnyway after Connect anyway (I2)", () => {
    const events = [failed(noAnswer), failed(duplicate(true))].map((event) => {
      const [, [effect]] = resultOf(finishing(), event);
      return effect?.do === "showProblem" ? effect.problem.actions.at(-1)?.event : null;
    });
    expect(events).toEqual([
      { type: "retry", task: connectTask },
      { type: "retry", task: { ...connectTask, connectAnyway: true } },
    ]);
  });

  test("sends the same public_token with the chosen accounts, and offers the list again after none (E5)", () => {
    const [, effects] = resultOf(choosing, chose);
    const task = { ...connectTask, accountIds: ["a2"] };
    expect(effects.at(-1)).toEqual({ do: "callServer", run: run + 1, task });
    const [next, [toast]] = resultOf(choosing, choseNone);
    expect(next.step).toEqual({ name: "idle" });
    const [first] = toast?.do === "showProblem" ? toast.problem.actions : [];
    expect(first).toEqual({
      label: "Choose accounts",
      event: { type: "retry", task: connectTask },
    });
  });

  test("shows the dialog of one bank's accounts after an update that had no room for new ones, and closes it", () => {
    const [, effects] = resultOf(updating, failed(limit(1)));
    const problem = effects.find((effect) => effect.do === "showProblem")?.problem;
    const [action] = problem?.actions ?? [];
    expect(action?.event).toEqual({ type: "changeAccounts", itemId });
    const [shown] = resultOf(idle, { type: "changeAccounts", itemId });
    expect(shown.changing).toBe(itemId);
    expect(transition(shown, { type: "changeAccounts", itemId: null })[0].changing).toBeNull();
  });

  test.each([
    ["Connect another bank", opening(requestUpdate), failed(failure("bank_unsupported"))],
    ["Connect another bank", updating, failed(failure("bank_unsupported"))],
    ["Connect another bank", linking(linkUpdate), exitedWith("INSTITUTION_NO_LONGER_SUPPORTED")],
    ["Try again", opening(), failed(failure("email_unverified"))],
    ["Reload the page", opening(requestUpdate), failed(failure("not_found"))],
    ["Reload the page", opening(), failed(failure("internal"))],
  ])("offers %s where the same again would not help", (label, step, event) => {
    const [, effects] = resultOf(step, event);
    const problem = effects.find((effect) => effect.do === "showProblem")?.problem;
    expect(problem?.actions.map((action) => action.label)).toEqual([label]);
  });

  test("waits as long as a busy server says, then retries (K2)", () => {
    const [state, effects] = resultOf(finishing(), failed(busy(3)));
    expect(effects).toEqual([{ do: "sendLater", milliseconds: 3000, event: waited }]);
    const [next, again] = transition(state, waited);
    expect(next.step).toMatchObject({ name: "finishing", retries: 1 });
    expect(again.at(-1)).toEqual({ do: "callServer", run, task: connectTask });
  });

  test("highlights the new Item until a timer ends or a newer one arrives (C2)", () => {
    const [state, effects] = resultOf(finishing(), finished);
    expect(state.arrival).toEqual({ itemId, bank: "Mill Bank", accountCount: 2, notConnected: 0 });
    const faded = effects.find((effect) => effect.do === "sendLater")?.event as ConnectEvent;
    expect(transition(state, faded)[0].arrival).toBeNull();
    const newer = {
      ...state,
      arrival: { itemId, bank: "Mill Bank", accountCount: 2, notConnected: 0 },
    };
    expect(transition(newer, faded)[0].arrival).toBe(newer.arrival);
  });

  test("shows Plaid's own sentence for the user when Link exits with a code that is not documented", () => {
    const [, effects] = resultOf(linking(), exitedWith("A_NEW_CODE", "Unlock it at your bank."));
    expect(effects).toMatchObject([{ problem: { message: "Unlock it at your bank." } }]);
  });

  test.each([
    ["INVALID_CREDENTIALS", "bank_login_required"],
    ["NO_ACCOUNTS", "bank_accounts_required"],
    ["ACCESS_NOT_GRANTED", "bank_access_required"],
    ["ITEM_LOCKED", "bank_action_required"],
    ["INSTITUTION_DOWN", "bank_unavailable"],
    ["ITEM_NOT_SUPPORTED", "bank_unsupported"],
    ["USER_PERMISSION_REVOKED", "item_gone"],
  ] as const)("shows the same message for %s from Link as from a call", (code, reason) => {
    for (const link of [linkNew, linkUpdate]) {
      const [, effects] = resultOf(linking(link), exitedWith(code, "Plaid's own words."));
      expect(effects).toMatchObject([{ problem: { message: reasons[reason].message } }]);
    }
  });

  test("shows a pending card for a new bank only, with a row for each account that Link named (C4)", () => {
    const pending = { bank: "Mill Bank", accountCount: 2, notConnected: 0, busy: false };
    expect(pendingBank(finishing())).toEqual(pending);
    expect(pendingBank(finishing(), 1)).toEqual({ ...pending, accountCount: 1, notConnected: 1 });
    expect(pendingBank(finishing(), 0)).toEqual(pending);
    expect(pendingBank(waiting)).toEqual({ ...pending, busy: true });
    expect(pendingBank(finishing(1))).toEqual({ ...pending, busy: true });
    expect(pendingBank(choosing)).toEqual({ ...pending, accountCount: 1, notConnected: 1 });
    const chosen: Step = { ...waiting, task: { ...connectTask, accountIds: ["a2"] } };
    expect(pendingBank(chosen)).toMatchObject({ accountCount: 1, notConnected: 1 });
    for (const step of [idle, opening(), linking(), updating]) {
      expect(pendingBank(step)).toBeNull();
    }
    const bare: Step = { ...waiting, task: { ...connectTask, metadata: {} } };
    expect(pendingBank(bare)).toEqual({ bank: null, accountCount: 1, notConnected: 0, busy: true });
  });
});
