import type { Transition } from "../../db/link-attempts.ts";
import {
  type Ending,
  type endingOf,
  mayHaveBeenSent,
  NothingNew,
  SameItem,
  type Stage,
  storedReason,
  type transitions,
} from "../../server/connect/attempt.ts";
import { FiscilityError } from "../../server/contracts/errors.ts";
import type { decide } from "../../server/reconciliation/decide.ts";
import { reconcile, timePasses } from "./reconciliation.ts";
import { type Attempt, moved, released, removedAtPlaid, type Token, type World } from "./world.ts";

/** The rules of a model. A test breaks one of them at a time. */
export interface Rules {
  transitions: Record<keyof typeof transitions, Transition>;
  endingOf: typeof endingOf;
  /** Whether an Item that a live row holds is never removed. */
  checksLiveItems: boolean;
  /** Whether the exchange of an existing Item is detected. */
  checksSameItem: boolean;
  /** Whether the ending commits before the lock is released. */
  endsUnderLock: boolean;
  /** What the reconciliation does with Plaid's list. */
  decide: typeof decide;
}

/**
 * One run of `connectAccount`, a disconnect, a removal, or a round of the reconciliation: its step and its
 * local state. `time`: 40 minutes pass.
 */
export interface Actor {
  name: string;
  kind: "connect" | "disconnect" | "remove" | "reconcile" | "time";
  by: "request" | "recovery";
  token: string;
  at: string;
  /** Its transaction: held with the user's lock, lost with it, or not begun. */
  tx: "none" | "held" | "lost";
  /** The attempt as read under the lock. */
  read: Attempt | null;
  known: string[];
  /** It connects only the accounts that the user chose. */
  chosen: boolean;
  stage: Stage;
  /** The access token is in memory. */
  holds: boolean;
  /** A retry of the exchange follows one whose response was lost. */
  retried: boolean;
  error: string | null;
  ending: Ending | null;
  /** Plaid's list as it was read. */
  list: string[];
}

/** What can go wrong at a step. Each uses up one of the walk's faults. */
export type Fault =
  | "crash"
  | "pause"
  | "lost reply"
  | "lost commit"
  | "rejection"
  /** Plaid's list lacks a new Item, or still has removed ones. */
  | "list behind";

export interface Next {
  world: World;
  /** Null when it has ended. */
  actor: Actor | null;
  fault?: Fault;
}

export interface Setting {
  rules: Rules;
  tokens: Record<string, Token>;
  /** The live Items that the plan allows. */
  limit: number;
}

export const actor = (
  name: string,
  kind: Actor["kind"],
  token: string,
  by: Actor["by"] = "request",
): Actor => ({
  ...{ name, kind, by, token },
  at: firstSteps[kind],
  ...{ tx: "none", read: null, known: [], stage: { at: "waiting" }, holds: false },
  ...{ chosen: false, retried: false, error: null, ending: null, list: [] },
});

const firstSteps: Record<Actor["kind"], string> = {
  ...{ connect: "record", disconnect: "lock", remove: "check removal", reconcile: "list" },
  time: "pass",
};

/** Steps that read nothing another actor changes, so their order does not matter. */
const local = new Set(["decide", "same item", "decide ending"]);

/** Returns every step that an actor can take next, with the fault that it needs. */
export function stepsOf(setting: Setting, world: World, actor: Actor): Next[] {
  const next = oneStep(setting, world, actor).map((step) => {
    let { world, actor } = step;
    while (actor && local.has(actor.at)) {
      [{ world, actor }] = oneStep(setting, world, actor) as [Next];
    }
    return { ...step, world, actor };
  });
  // Nothing can happen while it waits for the lock.
  if (next.length === 0 || actor.kind === "time") return next;
  let crashed = released(world, actor);
  if (actor.holds && actor.stage.at === "held") {
    crashed = { ...crashed, lost: [...crashed.lost, itemOf(setting, actor)] };
  }
  next.push({ world: crashed, actor: null, fault: "crash" });
  if (actor.tx === "held") {
    // Silent for so long that PostgreSQL ended its transaction; it does not know yet.
    next.push({ world: released(world, actor), actor: { ...actor, tx: "lost" }, fault: "pause" });
  }
  return next;
}

function oneStep(setting: Setting, world: World, actor: Actor): Next[] {
  if (actor.kind === "reconcile") return reconcile(setting, world, actor);
  if (actor.kind === "time") return timePasses(setting, world, actor);
  return actor.kind === "connect" ? connect(setting, world, actor) : other(setting, world, actor);
}

function connect(setting: Setting, world: World, me: Actor): Next[] {
  const { rules, limit } = setting;
  const { transitions: rule } = rules;
  const to = (at: string, change: Partial<Actor> = {}, w = world): Next => ({
    world: w,
    actor: { ...me, ...change, at },
  });
  const fails = (error: string, change: Partial<Actor> = {}, w = world): Next =>
    to("decide ending", { ...change, error }, w);
  const attempt = world.attempts[me.token];
  switch (me.at) {
    case "record": {
      if (me.by === "recovery" || attempt) return [to("lock")];
      const recorded: Attempt = {
        ...{ status: "started", token: true, run: null, sentAgain: false },
        ...{ access: false, item: null, reason: null },
        choice: setting.tokens[me.token]?.chooses ?? false,
      };
      return [to("lock", {}, withAttempt(world, me.token, recorded))];
    }
    case "lock": {
      const gaveUp = { ...fails("busy"), fault: "rejection" as const };
      if (world.lock !== null) return me.by === "request" ? [gaveUp] : [{ world, actor: null }];
      const locked = { ...world, lock: me.name };
      const read = attempt ?? null;
      const known = world.live.filter((item) => item !== setting.tokens[me.token]?.ofAnotherUser);
      const isChoosing = setting.tokens[me.token]?.chooses ?? false;
      const chosen = me.by === "request" ? isChoosing : (read?.choice ?? false);
      return [to("decide", { tx: "held", read, known, chosen }, locked), gaveUp];
    }
    case "decide": {
      const { read } = me;
      if (!read || !["started", "exchanged"].includes(read.status)) {
        return [{ world: released(world, me), actor: null }];
      }
      if (read.access) {
        return [to("same item", { stage: { at: "saved" }, holds: true, read: null })];
      }
      if (me.by === "recovery" && !read.token) return [{ world: released(world, me), actor: null }];
      const earlier = mayHaveBeenSent({ run_id: read.run, sent_again: read.sentAgain });
      if (!earlier && me.known.length >= limit) return [fails("limit_reached")];
      return [to("mark", { stage: { at: "sending", earlier } })];
    }
    case "mark": {
      const values = { runId: me.name, readRunId: me.read?.run ?? null, choice: me.chosen };
      const marked = moved(attempt, rule.mark, values);
      if (!marked) return [fails("outcome_pending", { stage: { at: "waiting" } })];
      return [to("exchange", { read: null }, withAttempt(world, me.token, marked))];
    }
    case "exchange": {
      const { item, update } = setting.tokens[me.token] as Token;
      const isUsable = update
        ? world.items[item] === "alive" && !world.spent.includes(me.token)
        : world.items[item] === "linked" && !world.expired.includes(item);
      if (!isUsable) return [fails("public_token_invalid")];
      const exchanged: World = update
        ? { ...world, spent: [...world.spent, me.token] }
        : { ...world, items: { ...world.items, [item]: "alive" } };
      const lost: World = { ...exchanged, lost: [...world.lost, item] };
      return [
        to("same item", { stage: { at: "held" }, holds: true }, exchanged),
        { ...fails("plaid_unavailable", { retried: true }, lost), fault: "lost reply" },
        { ...to("exchange", { retried: true }, lost), fault: "lost reply" },
        { ...fails("busy"), fault: "rejection" },
      ];
    }
    case "same item": {
      const item = itemOf(setting, me);
      if (rules.checksSameItem && me.known.includes(item)) return [fails("same item")];
      return [to(me.stage.at === "held" ? "save" : "accounts")];
    }
    case "save": {
      const saved = moved(attempt, rule.save, { item: itemOf(setting, me) });
      const failed = { ...fails("database"), fault: "rejection" as const };
      if (!saved) return [fails("database", {}, refusedSave(setting, world, me)), failed];
      const w = withAttempt(world, me.token, saved);
      return [to("accounts", { stage: { at: "saved" } }, w), failed];
    }
    case "accounts": {
      const item = itemOf(setting, me);
      const isOther = Object.entries(world.attempts).some(
        ([token, { item: theirs }]) => token !== me.token && theirs === item,
      );
      if (rules.checksSameItem && isOther && me.tx === "held") return [fails("other's item")];
      if (world.items[item] === "removed") return [fails("bank_login_required")];
      // The same accounts in another Item are nothing new. The limit is checked again.
      if (me.known.length >= limit) return [fails("limit_reached")];
      return [to("commit"), { ...fails("bank_unavailable"), fault: "rejection" }];
    }
    case "commit": {
      const committing = { stage: { at: "committing" } as Stage };
      if (me.tx !== "held") return [fails("database", committing)];
      const connected = moved(attempt, rule.connect);
      const item = itemOf(setting, me);
      if (!connected || world.live.includes(item)) return [fails("database", committing)];
      const isChoosing = setting.tokens[me.token]?.chooses ?? false;
      const violation =
        isChoosing && !me.chosen
          ? `all accounts of ${item} are connected, and the user chose some`
          : world.violation;
      const w = withAttempt(
        { ...world, violation, live: [...world.live, item], lock: null },
        me.token,
        connected,
      );
      return [
        { world: w, actor: null },
        { ...fails("database", { ...committing, tx: "none" }, w), fault: "lost commit" },
        {
          ...fails("database", { ...committing, tx: "none" }, released(world, me)),
          fault: "rejection",
        },
      ];
    }
    case "decide ending": {
      const ending = rules.endingOf(me.stage, toError(me), me.by);
      // The cause of the ending no longer matters.
      const decided = { ending, error: null, known: [], read: null, retried: false };
      const at = ending.transition === "remove from memory" ? ending.transition : "write ending";
      return [to(at, decided)];
    }
    case "remove from memory": {
      const item = itemOf(setting, me);
      const isLive = rules.checksLiveItems && world.live.includes(item);
      const w = isLive ? world : removedAtPlaid(world, item);
      // Not removed: the recovery cannot find it either.
      const gone: World = { ...released(world, me), lost: [...world.lost, item] };
      return [
        to("write ending", { holds: false }, w),
        { world: gone, actor: null, fault: "rejection" },
      ];
    }
    case "write ending":
      return writeEnding(setting, world, me);
    default:
      return other(setting, world, me);
  }
}

/** The ending commits with the transaction that holds the lock, or outside it when that is lost. */
function writeEnding({ rules }: Setting, world: World, me: Actor): Next[] {
  const { ending, token } = me;
  if (!ending) throw new Error("there is no ending to write");
  const isInside = me.tx === "held" && me.stage.at !== "committing";
  if (me.tx !== "none" && (!isInside || !rules.endsUnderLock)) {
    return [{ world: released(world, me), actor: { ...me, tx: "none" } }];
  }
  const name = ending.transition === "remove from memory" ? "fail" : ending.transition;
  const values = { runId: me.name, reason: storedReason(ending).reason };
  const attempt = world.attempts[token];
  const after = name === null ? null : moved(attempt, rules.transitions[name], values);
  const written = released(after ? withAttempt(world, token, after) : world, me);
  const removes =
    after?.status === "removing" ||
    (!after && attempt?.status === "removing" && me.stage.at === "saved");
  const removal: Actor = { ...me, tx: "none", at: "check removal" };
  const next: Next[] = [{ world: written, actor: removes ? removal : null }];
  if (isInside) {
    const again: Actor = { ...me, tx: "none" };
    next.push({ world: written, actor: again, fault: "lost commit" });
  }
  return next;
}

function other({ rules, tokens }: Setting, world: World, me: Actor): Next[] {
  const { transitions: rule } = rules;
  const attempt = world.attempts[me.token];
  const item = tokens[me.token]?.item as string;
  const to = (at: string, w = world): Next => ({ world: w, actor: { ...me, at } });
  switch (me.at) {
    case "lock": {
      if (world.lock !== null) return [];
      const locked = { ...world, lock: me.name };
      return [{ world: locked, actor: { ...me, at: "disconnect", tx: "held" } }];
    }
    case "disconnect": {
      const gone = moved(attempt, rule.disconnect, { item, reason: "disconnected" });
      if (me.tx !== "held" || !gone || !world.live.includes(item)) {
        return [{ world: released(world, me), actor: null }];
      }
      const live = world.live.filter((one) => one !== item);
      const w = withAttempt({ ...world, live, lock: null }, me.token, gone);
      return [{ world: w, actor: { ...me, tx: "none", at: "check removal" } }];
    }
    case "check removal":
      if (attempt?.status !== "removing") return [{ world, actor: null }];
      if (rules.checksLiveItems && world.live.includes(item)) return [to("removed")];
      if (!attempt.access) {
        return [to("removed", { ...world, violation: `no access token to remove ${item} with` })];
      }
      return [to("remove at Plaid")];
    case "remove at Plaid":
      return [
        to("removed", removedAtPlaid(world, item)),
        { world, actor: null, fault: "rejection" },
      ];
    case "removed": {
      const removed = moved(attempt, rule.removed);
      return [{ world: removed ? withAttempt(world, me.token, removed) : world, actor: null }];
    }
    default:
      throw new Error(`no step is called ${me.at}`);
  }
}

/** Returns the error that the code would have thrown. */
function toError({ error, retried, known, token }: Actor): unknown {
  const plaid = {
    errorType: null,
    errorCode: null,
    displayMessage: null,
    requestId: null,
    httpStatus: null,
    retryAfter: null,
  };
  switch (error) {
    case "database":
      return new Error("the database failed");
    case "same item":
      return new SameItem(known[0] ?? token);
    case "other's item":
      return new SameItem(null);
    case "nothing new":
      return new NothingNew(token);
    default: {
      const mayHaveActed = retried || error === "plaid_unavailable";
      return new FiscilityError(error as "busy", { plaid: { ...plaid, mayHaveActed } } as never);
    }
  }
}

/** A token that no row has yet must be saved, whatever the attempt's state. */
function refusedSave(setting: Setting, world: World, me: Actor): World {
  const item = itemOf(setting, me);
  const isHeld = Object.entries(world.attempts).some(
    ([token, { access, item: theirs }]) => access && (theirs === item || token === me.token),
  );
  if (isHeld || world.live.includes(item)) return world;
  return { ...world, violation: `the access token of ${item} is nowhere stored, and refused` };
}

const withAttempt = (world: World, token: string, attempt: Attempt): World => ({
  ...world,
  attempts: { ...world.attempts, [token]: attempt },
});

const itemOf = ({ tokens }: Setting, { token }: Actor) => (tokens[token] as Token).item;

/** The identity of an actor. */
export const actorKey = ({ stage, read, ending, ...actor }: Actor) => [
  ...Object.values(actor),
  ...Object.values(stage),
  read && Object.values(read),
  ending && [ending.transition, ending.heldBy, ending.error.reason],
];
