import fc from "fast-check";
import { expect, test } from "vitest";
import { busyRetries, transition } from "../../app/connect/connect-machine.ts";
import { start } from "../../app/connect/connect-state.ts";
import type { ConnectEffect, ConnectEvent } from "../../app/connect/connect-types.ts";
import { type Reason, reasons } from "../../server/contracts/errors.ts";
import {
  busy,
  connected,
  duplicate,
  failure,
  limit,
  limitWithChoice,
  metadata,
  noAnswer,
  requestNew,
  requestReturned,
  requestUpdate,
  updated,
} from "../support/connect-events.ts";

const failures = [
  ...(Object.keys(reasons) as Reason[]).map((reason) => failure(reason)),
  noAnswer,
  // As likely as all others together, because only it leads to the state `waiting`.
  ...Array(Object.keys(reasons).length).fill(busy(1)),
  busy(60),
  limit(1),
  limit(2),
  ...Array(30).fill(limitWithChoice),
  duplicate(true),
  duplicate(false),
];

type Pending = Extract<ConnectEffect, { do: "openLink" | "callServer" }>;

/**
 * The user, Link, the server and the clock around the machine. It offers every event that can happen:
 * a press, a button of the visible toast, a call from any Link that was ever opened, the response to
 * any pending call, and any timer that was set.
 */
class World {
  state = start;
  toast: { do: "showSuccess" | "showProblem"; events: ConnectEvent[] } | null = null;
  pending: Pending[] = [];
  timers: ConnectEvent[] = [];
  linkRuns: { run: number; isUpdate: boolean }[] = [];
  /** How many toasts each run has shown, and how many calls it has made. */
  toasts = new Map<number, number>();
  calls = new Map<number, number>();
  exchanging = new Map<string, number>();

  send(event: ConnectEvent): void {
    const before = this.state;
    const [next, effects] = transition(before, event);
    this.state = next;
    if (next.step.name === "linking" && before.step.name !== "linking") {
      this.linkRuns.push({ run: next.run, isUpdate: next.step.link.itemId !== null });
    }
    for (const effect of effects) this.perform(effect);
  }

  perform(effect: ConnectEffect): void {
    const { run } = this.state;
    switch (effect.do) {
      case "openLink":
      case "callServer":
        this.pending.push(effect);
        if (effect.do === "openLink") return;
        this.calls.set(run, (this.calls.get(run) ?? 0) + 1);
        if (effect.task.kind === "connect") {
          const { publicToken } = effect.task;
          this.exchanging.set(publicToken, (this.exchanging.get(publicToken) ?? 0) + 1);
        }
        return;
      case "sendLater":
        this.timers.push(effect.event);
        return;
      case "hideToast":
        this.toast = null;
        return;
      case "showSuccess":
      case "showProblem": {
        const actions = effect.do === "showProblem" ? effect.problem.actions : [];
        this.toast = { do: effect.do, events: actions.map(({ event }) => event) };
        this.toasts.set(run, (this.toasts.get(run) ?? 0) + 1);
      }
    }
  }

  /** Removes the call from the list, and sends its result. */
  answer(call: Pending, event: ConnectEvent): void {
    this.pending = this.pending.filter((other) => other !== call);
    if (call.do === "callServer" && call.task.kind === "connect") {
      const { publicToken } = call.task;
      this.exchanging.set(publicToken, (this.exchanging.get(publicToken) ?? 0) - 1);
    }
    this.send(event);
  }

  /** Everything that can happen now. */
  choices(pick: number): (() => void)[] {
    const cause = failures[pick % failures.length] ?? noAnswer;
    const press = [requestNew, requestUpdate, requestReturned].map(
      (request) => () => this.send({ type: "open", request }),
    );
    const buttons = (this.toast?.events ?? []).map((event) => () => {
      this.toast = null;
      this.send(event);
    });
    const responses = this.pending.flatMap((call) => {
      const { run } = call;
      const good: ConnectEvent =
        call.do === "openLink"
          ? { type: "opened", run, linkToken: `link-${run}` }
          : {
              type: "finished",
              run,
              result: call.task.kind === "connect" ? connected("connected") : updated(pick % 2),
            };
      return [good, { type: "failed", run, failure: cause } as const].map(
        (event) => () => this.answer(call, event),
      );
    });
    const timers = this.timers.map((event) => () => {
      this.timers = this.timers.filter((other) => other !== event);
      this.send(event);
    });
    const links = this.linkRuns.flatMap(({ run }) => {
      const publicToken = `public-sandbox-${run}`;
      const error = { code: pick % 2 ? "item-no-error" : "INTERNAL_SERVER_ERROR", message: null };
      const calls: ConnectEvent[] = [
        { type: "succeeded", run, publicToken, metadata },
        { type: "succeeded", run, publicToken: null, metadata: {} },
        { type: "exited", run, error: null, metadata },
        { type: "exited", run, error, metadata },
      ];
      return calls.map((event) => () => this.send(event));
    });
    const { run, step } = this.state;
    const ids = step.name === "choosing" ? step.choice.accounts.map(({ id }) => id) : null;
    const chosen: ConnectEvent[] = ids
      ? [
          { type: "chose", run, accountIds: ids.slice(0, 1) },
          { type: "choseNone", run },
        ]
      : [];
    const choose = chosen.map((event) => () => this.send(event));
    // Leaving is rare; otherwise runs would end too early.
    const leave = pick % 17 === 0 ? [() => this.send({ type: "leave" })] : [];
    return [...press, ...buttons, ...responses, ...timers, ...links, ...choose, ...leave];
  }
}

/** Runs random events, the same ones for a `seed`, and checks the world before and after each. */
function explore(
  check: (world: World, before: World["state"]) => void,
  seed: { seed?: number } = {},
): void {
  const history = fc.array(fc.tuple(fc.nat(), fc.nat(1_000)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(history, (picks) => {
      const world = new World();
      for (const [which, pick] of picks) {
        const choices = world.choices(pick);
        const before = world.state;
        choices[which % choices.length]?.();
        check(world, before);
      }
    }),
    { numRuns: 1_000, ...seed },
  );
}

const isOver = (world: World, before: World["state"]) =>
  before.step.name !== "idle" && world.state.step.name === "idle";

test("The connect machine opens one Link at a time, and none while a connection is made", () => {
  explore(({ pending, state }) => {
    const opening = pending.filter((call) => call.do === "openLink" && call.run === state.run);
    expect(opening.length).toBe(state.step.name === "opening" ? 1 : 0);
    if (state.step.name === "linking") {
      expect(pending.filter(({ run }) => run === state.run)).toEqual([]);
    }
  });
});

test("The connect machine ignores every call of Link after the first onSuccess or onExit (C3)", () => {
  explore((world) => {
    const { state } = world;
    if (state.step.name === "linking") return;
    for (const { run } of world.linkRuns) {
      const late: ConnectEvent[] = [
        { type: "succeeded", run, publicToken: "public-sandbox-9", metadata },
        { type: "exited", run, error: null, metadata },
        { type: "exited", run, error: { code: "ITEM_LOCKED", message: null }, metadata },
      ];
      for (const event of late) expect(transition(state, event)).toEqual([state, []]);
    }
  });
});

test("The connect machine ignores a response to an earlier run", () => {
  explore(({ state, pending }) => {
    for (const { run } of pending.filter((call) => call.run !== state.run)) {
      const late: ConnectEvent[] = [
        { type: "opened", run, linkToken: "link-9" },
        { type: "finished", run, result: connected("connected") },
        { type: "failed", run, failure: noAnswer },
      ];
      for (const event of late) expect(transition(state, event)).toEqual([state, []]);
    }
  });
});

test("The connect machine sends a public_token once at a time (I2)", () => {
  explore(({ exchanging }) => {
    expect(Math.max(0, ...exchanging.values())).toBeLessThanOrEqual(1);
  });
});

test("The connect machine calls a busy server a few times, then leaves it to the user (K2)", () => {
  explore(({ calls }) => {
    expect(Math.max(0, ...calls.values())).toBeLessThanOrEqual(1 + busyRetries);
  });
});

test("The connect machine says once how a run ended, and nothing when the user closed Link (E2, I7)", () => {
  explore((world, before) => {
    const { toasts, state } = world;
    for (const count of toasts.values()) expect(count).toBe(1);
    if (state.step.name !== "idle") expect(toasts.has(state.run)).toBe(false);
    // A run ends without a toast only when Link is closed without an error.
    if (isOver(world, before) && state.run === before.run && !toasts.has(state.run)) {
      expect(before.step.name).toBe("linking");
    }
  });
});

test("The connect machine leaves every state, because a pending call or timer always remains", () => {
  explore(({ state, pending, timers, linkRuns }) => {
    const { step, run } = state;
    const awaited = {
      idle: true,
      opening: pending.some((call) => call.do === "openLink" && call.run === run),
      linking: linkRuns.some((link) => link.run === run),
      finishing: pending.some((call) => call.do === "callServer" && call.run === run),
      choosing: true,
      waiting: timers.some((event) => event.type === "waited" && event.run === run),
    };
    expect(awaited[step.name]).toBe(true);
  });
});

test("The connect machine requests a new connection and an update separately", () => {
  explore(({ pending, linkRuns }) => {
    for (const call of pending) {
      if (call.do !== "callServer") continue;
      const link = linkRuns.find(({ run }) => run === call.run);
      if (link) expect(call.task.kind).toBe(link.isUpdate ? "update" : "connect");
    }
  });
});

test("The connect machine reaches every state in these histories", () => {
  const seen = new Set<string>();
  // Other histories may miss a rare state.
  explore(
    ({ state, toast }) => {
      seen.add(state.step.name);
      if (toast) seen.add(toast.do);
    },
    { seed: 1 },
  );
  expect([...seen].sort()).toEqual([
    "choosing",
    "finishing",
    "idle",
    "linking",
    "opening",
    "showProblem",
    "showSuccess",
    "waiting",
  ]);
});
