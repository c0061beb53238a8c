import { stateOf } from "../../server/connect/attempt.ts";
import {
  type Actor,
  actor,
  actorKey,
  type Fault,
  type Next,
  type Setting,
  stepsOf,
} from "./actors.ts";
import { leftOpen } from "./reconciliation.ts";
import { type World, worldKey } from "./world.ts";

/** The start of a walk. `recoveries`: passes of the recovery that run in parallel. */
export interface Start {
  world: World;
  actors: Actor[];
  faults: number;
  recoveries: number;
}

/** A state in short form: worlds and actors by number, because each occurs in thousands of states. */
interface State {
  /** The step that led here, and those before it. Not part of the state's identity. */
  path: Path | null;
  world: number;
  /** In ascending order, because their order does not matter. */
  actors: number[];
  faults: number;
  recoveries: number;
}

/** A step, and those before it. */
interface Path {
  actor: number;
  fault: Fault | undefined;
  before: Path | null;
}

/** The result of a walk: the number of states, and the first that breaks an invariant. */
export interface Walk {
  states: number;
  finals: number;
  violation: string | null;
  /** The steps that lead to the violation. */
  steps: string[];
}

/** Assigns a number to each value; equal values share one. */
class Numbers<T extends object> {
  readonly #byIdentity = new WeakMap<T, number>();
  readonly #byKey = new Map<string, number>();
  readonly #values: T[] = [];
  readonly #keyOf: (value: T) => unknown;

  constructor(keyOf: (value: T) => unknown) {
    this.#keyOf = keyOf;
  }

  of(value: T): number {
    let number = this.#byIdentity.get(value);
    if (number !== undefined) return number;
    const key = JSON.stringify(this.#keyOf(value));
    number = this.#byKey.get(key);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#byKey.set(key, number);
    }
    this.#byIdentity.set(value, number);
    return number;
  }

  get(number: number): T {
    return this.#values[number] as T;
  }
}

/** Walks every reachable state once, and checks I1 to I4 in every final one. */
export function walk(setting: Setting, start: Start): Walk {
  const worlds = new Numbers<World>(worldKey);
  const actors = new Numbers<Actor>(actorKey);
  // The steps of an actor depend only on the world, so thousands of states share each result.
  const steps = remembered((world: number, one: number) =>
    stepsOf(setting, worlds.get(world), actors.get(one)).map(({ world, actor, fault }) => ({
      world: worlds.of(world),
      actor: actor && actors.of(actor),
      fault,
    })),
  );
  const starts = remembered((world: number, recoveries: number) =>
    recoveryOf(worlds.get(world), `R${recoveries}`).map((one) => actors.of(one)),
  );
  const wrong = remembered((world: number) => {
    const settled = settle(setting, worlds.get(world));
    return wrongWith(setting, settled) ?? leftAfter(setting, settled);
  });

  const seen = new Set<string>();
  const open: State[] = [];
  const visit = (state: State) => {
    const key = `${state.world}|${state.actors}|${state.faults}|${state.recoveries}`;
    if (seen.has(key)) return;
    seen.add(key);
    open.push(state);
  };
  visit({
    ...start,
    path: null,
    world: worlds.of(start.world),
    actors: sorted(start.actors.map((one) => actors.of(one))),
  });
  let finals = 0;
  const found = (violation: string | null, path: Path | null): Walk => {
    const steps: string[] = [];
    for (let at = path; at; at = at.before) {
      const { name, token, at: place } = actors.get(at.actor);
      steps.unshift(`${name} (${token}) ${place}${at.fault ? `: ${at.fault}` : ""}`);
    }
    return { states: seen.size, finals, violation, steps };
  };
  while (open.length > 0) {
    const state = open.pop() as State;
    const { path, world, faults, recoveries } = state;
    const { violation } = worlds.get(world);
    if (violation) return found(violation, path);
    let isFinal = true;
    for (const [place, one] of state.actors.entries()) {
      if (isAfterItsTwin(one, state.actors, actors)) continue;
      for (const { world: then, actor: next, fault } of steps(world, one)) {
        if (fault && faults === 0) continue;
        // A request may wait for the lock without timing out, so that step does not count.
        if (!fault) isFinal = false;
        const others = state.actors.toSpliced(place, 1);
        visit({
          path: { actor: one, fault, before: path },
          world: then,
          actors: next === null ? others : sorted([...others, next]),
          faults: faults - (fault ? 1 : 0),
          recoveries,
        });
      }
    }
    if (recoveries > 0) {
      for (const started of starts(world, recoveries)) {
        visit({
          path: { actor: started, fault: undefined, before: path },
          world,
          actors: sorted([...state.actors, started]),
          faults,
          recoveries: recoveries - 1,
        });
      }
    }
    if (isFinal && state.actors.length === 0) {
      finals += 1;
      const violation = wrong(world);
      if (violation) return found(violation, path);
    }
  }
  return found(null, null);
}

const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b);

/** Caches the results of a function of numbers. */
function remembered<T>(respond: (...args: number[]) => T): (...args: number[]) => T {
  const responses = new Map<number, T>();
  return (first, second = 0) => {
    const key = (first as number) * 1_000_000 + second;
    let known = responses.get(key);
    if (known === undefined) {
      known = respond(first as number, second);
      responses.set(key, known);
    }
    return known;
  };
}

/** Two requests with one token differ only in their names, so only one order is walked. */
function isAfterItsTwin(one: number, present: number[], actors: Numbers<Actor>): boolean {
  const { at, token, name } = actors.get(one);
  if (at !== "record") return false;
  return present.some((other) => {
    const twin = actors.get(other);
    return twin.at === "record" && twin.token === token && twin.name < name;
  });
}

/** Every attempt that the recovery can process now. */
function recoveryOf({ attempts }: World, name: string): Actor[] {
  return Object.entries(attempts).flatMap(([token, attempt]) => {
    if (attempt.status === "removing") return [actor(name, "remove", token, "recovery")];
    const isUnfinished = attempt.status === "started" || attempt.status === "exchanged";
    return isUnfinished && (attempt.token || attempt.access)
      ? [actor(name, "connect", token, "recovery")]
      : [];
  });
}

/** Runs the recovery without faults until there is nothing left to do. */
function settle(setting: Setting, from: World): World {
  let world = from;
  for (let pass = 0; pass < 8; pass += 1) {
    const due = recoveryOf(world, `settle${pass}`);
    if (due.length === 0) return world;
    for (const one of due) world = runAlone(setting, world, one);
  }
  return world;
}

/** Runs rounds of the reconciliation, 40 minutes apart, without faults. */
function balance(setting: Setting, from: World): World {
  let world = from;
  // Items that an outdated list hid are seen, removed, and accounted for.
  for (const kind of [
    "reconcile",
    "time",
    "reconcile",
    "time",
    "reconcile",
    "reconcile",
  ] as const) {
    world = runAlone(setting, world, actor("balance", kind, "", "recovery"));
  }
  return world;
}

function runAlone(setting: Setting, from: World, actor: Actor): World {
  let world = from;
  let running: Actor | null = actor;
  while (running) {
    const next: Next | undefined = stepsOf(setting, world, running).find((one) => !one.fault);
    if (!next) throw new Error(`${running.at} has no next step`);
    ({ world, actor: running } = next);
  }
  return world;
}

/** After the reconciliation Plaid has no Item without a live row, and no loss is open. */
function leftAfter(setting: Setting, from: World): string | null {
  const balanced = balance(setting, from);
  const { items, live, violation } = balanced;
  if (violation) return violation;
  for (const [item, state] of Object.entries(items)) {
    const isThere = state === "alive" || state === "linked";
    if (isThere && !live.includes(item)) return `I1: ${item} is left at Plaid`;
    if (!isThere && live.includes(item)) return `I1: the live row of ${item} has no Item at Plaid`;
  }
  const requested = Object.entries(balanced.seen).find(([, { sent, removed }]) => sent && !removed);
  if (requested) return `I8: the removal of ${requested[0]} is not accounted for`;
  const [open] = leftOpen(setting, balanced);
  return open === undefined ? null : `I8: ${open} stays lost`;
}

/** Returns the invariant that does not hold once everything has ended; null when all do. */
function wrongWith({ tokens, limit }: Setting, world: World): string | null {
  const { attempts, items, live, lost } = world;
  if (world.violation) return world.violation;
  for (const [item, state] of Object.entries(items)) {
    const isLive = live.includes(item);
    if (state === "alive" && !isLive && !lost.includes(item)) return `I1: ${item} is an orphan`;
    if (state !== "alive" && isLive) return `I1: the live row of ${item} has no Item at Plaid`;
  }
  if (new Set(live).size !== live.length) return "I2: an Item has two rows";
  if (live.length > limit) return "I3: more is connected than the plan allows";
  for (const [token, attempt] of Object.entries(attempts)) {
    const columns = {
      ...{ status: attempt.status, public_token_sealed: attempt.token ? "token" : null },
      ...{ run_id: attempt.run, sent_again: attempt.sentAgain },
    };
    const state = stateOf(columns);
    const item = tokens[token]?.item as string;
    if (!["open", "connected", "failed"].includes(state)) return `${token} is left ${state}`;
    const isConnected = state === "connected";
    const holds = live.includes(item) && !tokens[token]?.update;
    if (isConnected !== holds)
      return `I4: ${token} is ${state}, its row ${holds ? "is there" : "is not"}`;
    if (attempt.access && state !== "removing") return `${token} keeps an access token as ${state}`;
    const isLost = attempt.reason === "exchange_lost";
    if (isLost && items[item] === "never") return `${token} is recorded as lost, and never existed`;
    const isOrphan = items[item] === "alive" && !live.includes(item);
    if (isOrphan && !isLost) return `I1: ${item} is an orphan that is not on record`;
  }
  return null;
}
