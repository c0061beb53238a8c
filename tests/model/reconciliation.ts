import type { Books, Sighting } from "../../server/reconciliation/decide.ts";
import type { Actor, Next, Setting } from "./actors.ts";
import { released, removedAtPlaid, type World } from "./world.ts";

/** One round of the reconciliation, as `server/reconciliation/reconcile-user.ts` runs it. */
export function reconcile(setting: Setting, world: World, me: Actor): Next[] {
  const { rules } = setting;
  const to = (at: string, change: Partial<Actor> = {}, w = world): Next => ({
    world: w,
    actor: { ...me, ...change, at },
  });
  const end = (w: World): Next => ({ world: released(w, me), actor: null });
  switch (me.at) {
    case "list": {
      const all = Object.keys(world.items).filter((item) => world.items[item] !== "never");
      const list = all.filter((item) => world.items[item] !== "removed");
      return [
        to("lock", { list }),
        { ...to("lock", { list: [] }), fault: "list behind" },
        { ...to("lock", { list: all }), fault: "list behind" },
      ];
    }
    case "lock":
    case "lock again": {
      // The lock is held. The next pass is a minute later.
      if (world.lock !== null) return [{ world, actor: null }];
      const at = me.at === "lock" ? "note" : "remove";
      return [to(at, { tx: "held" }, { ...world, lock: me.name })];
    }
    case "note": {
      if (me.tx !== "held") return [end(world)];
      const { note, drop, confirmedRemovals: gone, remove } = rules.decide(booksOf(world, me.list));
      let w: World = { ...world, seen: { ...world.seen } };
      for (const item of drop) delete w.seen[item];
      for (const { plaidItemId } of note) {
        w.seen[plaidItemId] = { old: false, sent: false, removed: null };
      }
      for (const { plaidItemId } of gone) w = accountedFor(w, plaidItemId);
      for (const { plaidItemId } of remove) {
        w.seen[plaidItemId] = { old: true, sent: true, removed: null };
      }
      if (remove.length === 0) return [end(w)];
      return [to("lock again", { tx: "none" }, released(w, me))];
    }
    case "remove": {
      // Its decision is lost with its lock, and the removal is not sent without it.
      if (me.tx !== "held") return [end(world)];
      const { remove } = rules.decide(booksOf(world, me.list));
      let requested = world;
      for (const { plaidItemId } of remove) requested = removed(setting, requested, plaidItemId);
      let w = requested;
      for (const { plaidItemId } of remove) w = accountedFor(w, plaidItemId);
      const next = [end(w)];
      if (remove.length === 0) return next;
      return [
        ...next,
        { ...end(requested), fault: "lost reply" },
        { ...end(world), fault: "rejection" },
      ];
    }
    default:
      throw new Error(`no step is called ${me.at}`);
  }
}

/** Removed at Plaid without its token: no public_token and no attempt may still lead to the Item. */
function removed({ tokens }: Setting, world: World, item: string): World {
  const isUsable = world.items[item] === "linked" && !world.expired.includes(item);
  const isHeld = Object.entries(world.attempts).some(
    ([token, { status, token: stored, access }]) =>
      tokens[token]?.item === item && unfinished.includes(status) && (stored || access),
  );
  const violation = isUsable
    ? `${item} is removed while its public_token can be exchanged`
    : isHeld
      ? `${item} is removed while an attempt is unfinished that may hold it`
      : null;
  return removedAtPlaid({ ...world, violation: world.violation ?? violation }, item);
}

/**
 * 40 minutes pass: public_tokens expire, and earlier sightings become old. No transaction lasts that long.
 */
export function timePasses({ tokens }: Setting, world: World, _me: Actor): Next[] {
  if (world.lock !== null) return [];
  const seen = Object.entries(world.seen).map(([item, one]) => [
    item,
    { ...one, old: true, removed: one.removed && "before" },
  ]);
  return [
    {
      world: {
        ...world,
        expired: Object.keys(world.items),
        spent: Object.keys(tokens).filter((token) => tokens[token]?.update),
        seen: Object.fromEntries(seen),
      },
      actor: null,
    },
  ];
}

const now = new Date("2026-11-28T12:00:00Z");
const longAgo = new Date(now.getTime() - 41 * 60_000);
const unfinished = ["started", "exchanged", "removing"];

/** Reads them as `readOwnBooks` does. */
function booksOf({ attempts, live, seen }: World, list: string[]): Books {
  const all = Object.entries(attempts);
  const held = all.flatMap(([, { status, item }]) =>
    item !== null && unfinished.includes(status) ? [item] : [],
  );
  return {
    now,
    listed: list.map(toListed),
    isComplete: true,
    rows: live.map((item) => ({ itemId: item, plaidItemId: item, isAssociated: true })),
    held: new Set([...live, ...held]),
    isUnclear: all.some(([, { status, token }]) => status === "started" && token),
    sightings: Object.entries(seen).map(
      ([item, { old, sent, removed }]): Sighting => ({
        ...toListed(item),
        firstSeenAt: removed ? new Date(0) : old ? longAgo : now,
        sentAt: sent ? now : null,
        confirmedAt: null,
        removedAt: removed && (removed === "before" ? longAgo : now),
      }),
    ),
    lost: [],
  };
}

/** The lost attempts that are still open a day after everything else has ended. */
export function leftOpen({ rules }: Setting, world: World): string[] {
  const lost = Object.entries(world.attempts).flatMap(([token, { reason, item }]) =>
    reason === "exchange_lost" && item === null ? [token] : [],
  );
  const old = { institutionId: null, createdAt: new Date(0), endedAt: new Date(0) };
  const list = Object.keys(world.items).filter((item) => world.items[item] === "alive");
  const books = booksOf(world, list);
  const { giveUp } = rules.decide({
    ...books,
    lost: lost.map((attemptId) => ({ attemptId, ...old })),
  });
  return lost.filter((token) => !giveUp.includes(token));
}

const toListed = (plaidItemId: string) => ({
  ...{ plaidItemId, institutionId: null, institutionName: null },
});

/** The Item is removed, and its lost attempt is closed with its Item. */
function accountedFor(world: World, item: string): World {
  const seen: World["seen"] = {
    ...world.seen,
    [item]: { old: true, sent: true, removed: "just now" },
  };
  const isKnown = Object.values(world.attempts).some((attempt) => attempt.item === item);
  const lost = Object.entries(world.attempts).find(
    ([, attempt]) => attempt.reason === "exchange_lost" && attempt.item === null,
  );
  if (isKnown || !lost) return { ...world, seen };
  const [token, attempt] = lost;
  return { ...world, seen, attempts: { ...world.attempts, [token]: { ...attempt, item } } };
}
