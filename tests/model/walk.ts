import { stateOf } from "../../server/connect/attempt.ts";
import { type Actor, actor, actorKey, type Next, type Setting, stepsOf } from "./actors.ts";
import { type World, worldKey } from "./world.ts";

/** Where a walk starts. `recoveries`: passes of the recovery that run beside the actors. */
export interface Start {
  world: World;
  actors: Actor[];
  faults: number;
  recoveries: number;
}

interface State {
  /** The steps that led here: not part of what makes two states the same. */
  path: Path | null;
  world: World;
  actors: Actor[];
  faults: number;
  recoveries: number;
}

/** A step, and the ones before it. */
interface Path {
  step: string;
  before: Path | null;
}

/** What a walk found: how many states, and the first that breaks an invariant. */
export interface Walk {
  states: number;
  finals: number;
  violation: string | null;
  /** The steps that lead to the violation. */
  steps: string[];
}

/** Walks every state that can be reached, each once, and checks I1 to I4 in every final one. */
export function walk(setting: Setting, start: Start): Walk {
  const seen = new Set<string>();
  const open: State[] = [{ ...start, path: null }];
  let finals = 0;
  const found = (violation: string | null, path: Path | null): Walk => {
    const steps: string[] = [];
    for (let at = path; at; at = at.before) steps.unshift(at.step);
    return { states: seen.size, finals, violation, steps };
  };
  while (open.length > 0) {
    const state = open.pop() as State;
    const { path, world, actors, faults, recoveries } = state;
    const key = JSON.stringify([worldKey(world), actors.map(actorKey), faults, recoveries]);
    if (seen.has(key)) continue;
    seen.add(key);
    if (world.violation) return found(world.violation, path);
    let isFinal = true;
    for (const [place, one] of actors.entries()) {
      // Two requests with one token are the same but for their names: one of them comes first.
      if (one.at === "record" && actors.some((first) => isSameBefore(first, one))) continue;
      for (const { world: then, actor: next, fault } of stepsOf(setting, world, one)) {
        if (fault && faults === 0) continue;
        // A request whose wait for the lock times out is no step that has to be taken.
        if (!fault) isFinal = false;
        const after = actors.filter((_, other) => other !== place);
        if (next) after.splice(place, 0, next);
        const step = `${one.name} ${one.at}${fault ? `: ${fault}` : ""}`;
        const left = faults - (fault ? 1 : 0);
        open.push({
          ...state,
          world: then,
          actors: after,
          faults: left,
          path: { step, before: path },
        });
      }
    }
    if (recoveries > 0) {
      for (const started of recoveryOf(world, `R${recoveries}`)) {
        const step = `${started.name} starts on ${started.token}`;
        const more = { actors: [...actors, started], recoveries: recoveries - 1 };
        open.push({ ...state, ...more, path: { step, before: path } });
      }
    }
    if (isFinal && actors.length === 0) {
      finals += 1;
      const violation = wrongWith(setting, settle(setting, world));
      if (violation) return found(violation, path);
    }
  }
  return found(null, null);
}

const isSameBefore = (first: Actor, one: Actor) =>
  first.at === "record" && first.token === one.token && first.name < one.name;

/** Every attempt that the recovery can take up now. */
function recoveryOf({ attempts }: World, name: string): Actor[] {
  return Object.entries(attempts).flatMap(([token, attempt]) => {
    if (attempt.status === "removing") return [actor(name, "remove", token, "recovery")];
    const isUnfinished = attempt.status === "started" || attempt.status === "exchanged";
    return isUnfinished && (attempt.token || attempt.access)
      ? [actor(name, "connect", token, "recovery")]
      : [];
  });
}

/** Passes of the recovery with nothing going wrong, until there is nothing left to do. */
function settle(setting: Setting, from: World): World {
  let world = from;
  for (let pass = 0; pass < 8; pass += 1) {
    const due = recoveryOf(world, `settle${pass}`);
    if (due.length === 0) return world;
    for (const one of due) {
      let running: Actor | null = one;
      while (running) {
        const next: Next | undefined = stepsOf(setting, world, running).find((one) => !one.fault);
        if (!next) throw new Error(`${running.at} has no next step`);
        ({ world, actor: running } = next);
      }
    }
  }
  return world;
}

/** Which invariant does not hold once everything has ended; null when all do. */
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
