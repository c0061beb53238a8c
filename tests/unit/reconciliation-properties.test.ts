import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Books,
  decide,
  type ListedItem,
  removalDelay,
  removalsPerDay,
  removedItemRetention,
  type Sighting,
} from "../../server/reconciliation/decide.ts";

/**
 * Random histories of one user. Plaid's list may be stale, empty, incomplete or mixed with another user's,
 * and removals may be rejected. The list is read before the lock and used under it, so anything may happen
 * in between.
 */

const minute = 60_000;
const start = Date.UTC(2026, 10, 28);

interface Item {
  id: string;
  /** When the public_token expires. */
  expires: number;
  owner: "user" | "another";
  state: "linked" | "sent" | "held" | "live" | "lost" | "disconnecting" | "removed";
  isAssociated: boolean;
}

class World {
  now = start;
  items: Item[] = [];
  sightings = new Map<string, Sighting>();
  lost: Books["lost"] = [];
  removals: number[] = [];
  /** Earlier lists, for a read that returns a stale one. */
  lists: string[][] = [[]];

  alive(owner: Item["owner"]) {
    return this.items.filter((item) => item.owner === owner && item.state !== "removed");
  }

  list(): string[] {
    const list = this.alive("user").map(({ id }) => id);
    this.lists.push(list);
    return list;
  }

  pick(states: Item["state"][], n: number, owner: Item["owner"] = "user"): Item | undefined {
    const some = this.items.filter((item) => item.owner === owner && states.includes(item.state));
    return some[n % Math.max(1, some.length)];
  }

  link(owner: Item["owner"]): Item {
    const item: Item = {
      ...{ id: `I${this.items.length}`, expires: this.now + 30 * minute },
      ...{ owner, state: "linked", isAssociated: false },
    };
    this.items.push(item);
    return item;
  }

  /** What users, other nodes and processes that die do. */
  step(kind: string, n: number): void {
    const usable = this.items.filter(
      (item) => item.owner === "user" && item.state === "linked" && item.expires > this.now,
    );
    const one = usable[n % Math.max(1, usable.length)];
    switch (kind) {
      case "link":
        this.link("user");
        break;
      case "link of another":
        this.link("another").state = "live";
        break;
      case "send":
        if (one) one.state = "sent";
        break;
      case "save": {
        const sent = this.pick(["sent"], n);
        if (sent) sent.state = "held";
        break;
      }
      case "commit": {
        const held = this.pick(["held"], n);
        if (held) held.state = "live";
        break;
      }
      case "connect":
        if (one) one.state = "live";
        break;
      case "lose": {
        const sent = this.pick(["sent"], n);
        if (!sent) break;
        sent.state = "lost";
        const at = new Date(this.now);
        this.lost.push({ attemptId: sent.id, institutionId: null, createdAt: at, endedAt: at });
        break;
      }
      // A new log-in keeps the Item. Its public_token makes no new one.
      case "reconnect":
        break;
      // A new Item replaces a broken one, in one transaction.
      case "take over": {
        const live = this.pick(["live"], n);
        if (one && live) [one.state, live.state] = ["live", "disconnecting"];
        break;
      }
      case "disconnect": {
        const live = this.pick(["live"], n);
        if (live) live.state = "disconnecting";
        break;
      }
      case "removal done": {
        const gone = this.pick(["disconnecting"], n);
        if (gone) gone.state = "removed";
        break;
      }
    }
  }

  books(list: string[], isComplete: boolean): Books {
    const own = this.items.filter(({ owner, state }) => owner === "user" && state === "live");
    const held = this.items.filter(
      ({ id, state }) => list.includes(id) && ["live", "held", "disconnecting"].includes(state),
    );
    return {
      now: new Date(this.now),
      listed: list.map(toListed),
      isComplete,
      rows: own.map(({ id, isAssociated }) => ({ itemId: id, plaidItemId: id, isAssociated })),
      held: new Set(held.map(({ id }) => id)),
      isUnclear: this.items.some(({ owner, state }) => owner === "user" && state === "sent"),
      sightings: [...this.sightings.values()],
      lost: this.lost,
    };
  }

  /** Performs a decision as `reconcile-user.ts` does. `refused`: Plaid rejects every nth removal. */
  perform(books: Books, refused: number): void {
    const decision = decide(books);
    const at = new Date(this.now);
    for (const id of decision.drop) {
      const known = this.sightings.get(id);
      this.sightings.delete(id);
      const { removedAt = null } = known ?? {};
      const isRemembered = removedAt && this.now - removedAt.getTime() < removedItemRetention;
      if (known && isRemembered) this.sightings.set(id, { ...known, firstSeenAt: removedAt });
    }
    for (const item of decision.note) {
      const removedAt = this.sightings.get(item.plaidItemId)?.removedAt ?? null;
      const first = { firstSeenAt: at, sentAt: null, confirmedAt: null, removedAt };
      this.sightings.set(item.plaidItemId, { ...item, ...first });
    }
    for (const sighting of decision.confirmedRemovals) {
      this.sightings.set(sighting.plaidItemId, { ...sighting, removedAt: at });
    }
    this.lost = this.lost.filter(({ attemptId }) => !decision.giveUp.includes(attemptId));
    for (const [n, { plaidItemId, ...sighting }] of decision.remove.entries()) {
      const item = this.items.find(({ id }) => id === plaidItemId) as Item;
      // `expect` would take longer than everything else here.
      if (["live", "held", "sent"].includes(item.state))
        throw new Error(`${item.state} is removed`);
      if (item.expires > this.now) throw new Error("its public_token can still be exchanged");
      const isRefused = refused > 0 && (n + 1) % refused === 0;
      if (!isRefused && item.state !== "removed") {
        item.state = "removed";
        this.removals.push(this.now);
        this.lost = this.lost.filter(({ attemptId }) => attemptId !== plaidItemId);
      }
      const removedAt = isRefused ? sighting.removedAt : at;
      this.sightings.set(plaidItemId, { ...sighting, plaidItemId, sentAt: at, removedAt });
    }
    for (const id of [...decision.associated, ...decision.associate]) {
      const item = this.items.find((one) => one.id === id);
      if (item) item.isAssociated = true;
    }
    // One day's removals, without those that Plaid rejected before.
    const today = this.removals.filter((one) => this.now - one < 24 * 60 * minute);
    if (today.length > removalsPerDay) throw new Error("more than a day allows is removed");
  }
}

const toListed = (plaidItemId: string): ListedItem => ({
  ...{ plaidItemId, institutionId: null, institutionName: null },
});

const happening = fc.record({
  kind: fc.constantFrom(
    ...["link", "link", "send", "save", "commit", "connect", "lose", "reconnect", "take over"],
    ...["disconnect", "removal done", "link of another"],
  ),
  n: fc.nat(20),
});
const round = fc.record({
  /** Before the list is read, and between it and the lock. */
  before: fc.array(happening, { maxLength: 4 }),
  between: fc.array(happening, { maxLength: 3 }),
  passes: fc.constantFrom(0, 1, 10, 25, 35, 41, 60, 24 * 60),
  list: fc.constantFrom("right", "right", "right", "stale", "empty", "torn", "mixed"),
  refused: fc.constantFrom(0, 0, 1, 10),
  n: fc.nat(20),
});

type Round = typeof round extends fc.Arbitrary<infer One> ? One : never;

function run(rounds: Round[]): World {
  const world = new World();
  for (const { before, between, passes, list, refused, n } of rounds) {
    for (const { kind, n } of before) world.step(kind, n);
    world.now += passes * minute;
    const right = world.list();
    const foreign = world.alive("another").map(({ id }) => id);
    const shown = {
      right,
      stale: world.lists[n % world.lists.length] as string[],
      empty: [],
      torn: right.filter((_, place) => place % 2 === 0),
      mixed: [...right, ...foreign],
    }[list];
    for (const { kind, n } of between) world.step(kind, n);
    world.perform(world.books(shown, list !== "torn"), refused);
  }
  return world;
}

test("The reconciliation never removes a live Item or one whose public_token may still be used, in 1,000 histories (I1)", () => {
  fc.assert(
    fc.property(fc.array(round, { minLength: 5, maxLength: 40 }), (rounds) => void run(rounds)),
    { numRuns: 1_000 },
  );
});

/**
 * Seven Items that no row holds. Plaid rejects the removals of one day. The next day's have begun when a stale
 * list lacks the rest: they are recorded as removed, although nothing removed them that day.
 */
const recordedAsRemoved: Round[] = [
  ...[0, 0, 0, 0, 0, 0, 0].map((passes) => [["link"], passes, "right", 0] as const),
  [[], 24 * 60, "right", 1] as const,
  [[], 24 * 60, "torn", 0] as const,
  [[], 0, "right", 0] as const,
  [[], 0, "stale", 0] as const,
].map(([kinds, passes, list, refused]) => ({
  before: kinds.map((kind) => ({ kind, n: 0 })),
  ...{ between: [], passes, list, refused, n: 0 },
}));

test("The reconciliation leaves no Item at Plaid without a row once the list is right again (I1)", () => {
  fc.assert(
    fc.property(fc.array(round, { minLength: 5, maxLength: 30 }), (rounds) => {
      const world = run(rounds);
      // The recovery ends every unfinished attempt, then time passes without faults.
      for (let n = 0; n < 20; n += 1) {
        for (const kind of ["lose", "commit", "removal done"]) world.step(kind, 0);
      }
      const days = Math.ceil(world.items.length / removalsPerDay) + 3;
      for (let n = 0; n < days * 25; n += 1) {
        world.now += Math.max(removalDelay, 60 * minute);
        world.perform(world.books(world.list(), true), 0);
      }
      expect(world.alive("user").filter(({ state }) => state !== "live")).toEqual([]);
      expect(world.lost).toEqual([]);
    }),
    { numRuns: 200, examples: [[recordedAsRemoved]] },
  );
});
