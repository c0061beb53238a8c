import { expect, test } from "vitest";
import type { Transition } from "../../db/link-attempts.ts";
import {
  type Ending,
  endingOf,
  SameItem,
  type Stage,
  transitions,
} from "../../server/connect/attempt.ts";
import { type Books, decide } from "../../server/reconciliation/decide.ts";
import { actor, type Rules, type Setting } from "./actors.ts";
import { type Start, walk } from "./walk.ts";
import type { World } from "./world.ts";

const rules: Rules = {
  transitions,
  endingOf,
  checksLiveItems: true,
  checksSameItem: true,
  endsUnderLock: true,
  decide,
};

const empty: World = {
  ...{ attempts: {}, items: { Y: "linked" }, spent: [], live: [], lock: null, lost: [] },
  ...{ expired: [], seen: {}, violation: null },
};

/** A user with one bank, connected by the public_token `T0`. */
const withBank: World = {
  ...empty,
  items: { X: "alive", Y: "linked" },
  live: ["X"],
  attempts: {
    T0: {
      ...{ status: "connected", token: false, run: null, sentAgain: false },
      ...{ access: false, item: "X", reason: null, choice: false },
    },
  },
};

const twoRequests = [actor("A", "connect", "T1"), actor("B", "connect", "T1")];
const newBank = { item: "Y", update: false, chooses: true };

const seenOnce = { old: false, sent: false, removed: null };

/**
 * Two requests with the token T1, one with T2, a disconnect, and the recovery in parallel; some with the
 * reconciliation.
 */
const settings = {
  "two banks, room for one": {
    limit: 1,
    tokens: { T1: newBank, T2: { item: "Z", update: false } },
    world: { ...empty, items: { Y: "linked", Z: "linked" } },
    actors: [...twoRequests, actor("C", "connect", "T2"), actor("D", "disconnect", "T1")],
  },
  "a new bank, and update mode of one that is disconnected": {
    limit: 2,
    tokens: { T0: { item: "X", update: false }, T1: newBank, T2: { item: "X", update: true } },
    world: withBank,
    actors: [
      actor("A", "connect", "T1"),
      actor("C", "connect", "T2"),
      actor("D", "disconnect", "T0"),
    ],
  },
  "update mode of another user's bank": {
    limit: 2,
    tokens: {
      T0: { item: "X", update: false },
      T1: { item: "X", update: true, ofAnotherUser: "X" },
    },
    world: withBank,
    actors: twoRequests,
  },
  "one request": {
    limit: 1,
    tokens: { T1: newBank },
    world: empty,
    actors: [actor("A", "connect", "T1")],
  },
  "two requests that choose accounts": {
    limit: 1,
    tokens: { T1: newBank },
    world: empty,
    actors: twoRequests,
  },
  "a new bank that Plaid's list has had for 40 minutes": {
    limit: 1,
    tokens: { T1: newBank },
    world: { ...empty, seen: { Y: seenOnce } },
    actors: [actor("A", "connect", "T1"), ...[actor("E", "reconcile", ""), actor("T", "time", "")]],
  },
  "a bank that is disconnected while Plaid's list is read": {
    limit: 2,
    tokens: { T0: { item: "X", update: false } },
    // X as a list showed it that was read before its row existed.
    world: { ...withBank, seen: { X: { ...seenOnce, old: true }, Y: seenOnce } },
    actors: [
      actor("D", "disconnect", "T0"),
      ...[actor("E", "reconcile", ""), actor("T", "time", "")],
    ],
  },
  "a token that never existed": {
    limit: 1,
    tokens: { T1: newBank },
    world: { ...empty, items: { Y: "never" } },
    actors: twoRequests,
  },
} satisfies Record<string, Omit<Setting, "rules"> & Pick<Start, "world" | "actors">>;

/** Faults in one walk: `npm run model` uses two, and takes minutes. */
const faults = Number(process.env.MODEL_FAULTS ?? 1);

const walkWith = (rules: Rules, name: keyof typeof settings, most = faults) => {
  const { limit, tokens, ...start } = settings[name];
  // A process that dies while it sends a token that never existed raises a false alarm, which is known.
  const within = name === "a token that never existed" ? 0 : most;
  return walk({ rules, limit, tokens }, { ...start, faults: within, recoveries: 1 });
};

test.each(Object.keys(settings) as (keyof typeof settings)[])(
  "attempt keeps I1 to I4 in every state that its faults can reach: %s",
  (name) => {
    const started = performance.now();
    const { states, finals, violation, steps } = walkWith(rules, name);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${name}: ${states} states, ${finals} final, in ${seconds} s\n`);
    expect([violation, steps]).toEqual([null, []]);
    expect(finals).toBeGreaterThan(0);
  },
);

/** The rules with one transition changed. */
const withRule = (name: keyof typeof transitions, change: Partial<Transition>): Rules => ({
  ...rules,
  transitions: { ...transitions, [name]: { ...transitions[name], ...change } },
});

/** The rules with another ending for one stage. */
const withEnding = (at: Stage["at"], transition: Ending["transition"]): Rules => ({
  ...rules,
  endingOf: (stage, error, by) => {
    const ending = endingOf(stage, error, by);
    return stage.at === at && !(error instanceof SameItem) ? { ...ending, transition } : ending;
  },
});

const banks = "two banks, room for one";
const update = "a new bank, and update mode of one that is disconnected";
const another = "update mode of another user's bank";
const one = "one request";
const choosing = "two requests that choose accounts";
const listed = "a new bank that Plaid's list has had for 40 minutes";
const list = "a bank that is disconnected while Plaid's list is read";

/** The rules with a reconciliation that reads its input differently. */
const withDecision = (read: (books: Books) => Books): Rules => ({
  ...rules,
  decide: (books) => decide(read(books)),
});

/** How many faults it takes; one by default. */
const broken: [string, keyof typeof settings, Rules, faults?: number][] = [
  ["mark stores no run", banks, withRule("mark", { run: undefined })],
  ["mark stores no public_token", banks, withRule("mark", { publicToken: undefined })],
  ["open keeps the public_token", banks, withRule("open", { publicToken: undefined })],
  ["save stores no access token", banks, withRule("save", { accessToken: undefined })],
  [
    "connect takes an attempt that failed",
    banks,
    withRule("connect", { status: { exchanged: "connected", failed: "connected" } }),
  ],
  ["save clears the choice", one, withRule("save", { choice: "clear" })],
  ["mark stores no choice", choosing, withRule("mark", { choice: undefined }), 2],
  ["connect keeps the access token", banks, withRule("connect", { accessToken: undefined })],
  ["remove is refused", banks, withRule("remove", { status: {} })],
  [
    "remove takes a connected attempt",
    banks,
    withRule("remove", { status: { exchanged: "removing", connected: "removing" } }),
  ],
  ["disconnect stores no access token", banks, withRule("disconnect", { accessToken: undefined })],
  ["removed is refused", banks, withRule("removed", { status: {} })],
  [
    "fail takes an exchanged attempt",
    banks,
    withRule("fail", { status: { started: "failed", exchanged: "failed" } }),
  ],
  ["settle is refused", update, withRule("settle", { status: {} })],
  ["an exchange that may have succeeded is open", banks, withEnding("sending", "open")],
  ["a token in memory is dropped", banks, withEnding("held", "fail")],
  ["a saved token is left as failed", banks, withEnding("saved", "fail")],
  ["an Item that exists is not noticed", update, { ...rules, checksSameItem: false }],
  [
    "mark takes an attempt that another run marked",
    banks,
    withRule("mark", { mark: undefined }),
    2,
  ],
  [
    "open takes an attempt that another run marked",
    banks,
    withRule("open", { mark: undefined }),
    2,
  ],
  [
    "fail takes an attempt that another run marked",
    banks,
    withRule("fail", { mark: undefined }),
    2,
  ],
  [
    "unmark takes an attempt that another run marked",
    one,
    withRule("unmark", { mark: undefined }),
    3,
  ],
  [
    "save is refused once the attempt failed",
    banks,
    withRule("save", { status: { started: "exchanged" } }),
    2,
  ],
  ["live Items are not checked before a removal", another, { ...rules, checksLiveItems: false }, 2],
  [
    "endings commit after the lock is released",
    "a token that never existed",
    { ...rules, endsUnderLock: false },
  ],
  [
    "the reconciliation does not look at who holds an Item",
    list,
    withDecision((books) => ({ ...books, held: new Set() })),
  ],
  [
    "the reconciliation does not wait for an unclear attempt",
    listed,
    withDecision((books) => ({ ...books, isUnclear: false })),
  ],
  [
    "the reconciliation removes what it sees for the second time, however soon",
    listed,
    withDecision((books) => ({
      ...books,
      sightings: books.sightings.map((one) => ({ ...one, firstSeenAt: new Date(0) })),
    })),
  ],
  [
    "the reconciliation never asks for a removal",
    listed,
    { ...rules, decide: (books) => ({ ...decide(books), remove: [] }) },
  ],
  [
    "a removal whose reply was lost is not accounted for",
    listed,
    { ...rules, decide: (books) => ({ ...decide(books), confirmedRemovals: [] }) },
    2,
  ],
];

test.each(broken)("the walk finds a violation when %s", (_rule, name, rules, faults = 1) => {
  const { violation } = walkWith(rules, name, faults);
  expect(violation).not.toBeNull();
});
