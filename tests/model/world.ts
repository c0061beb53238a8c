import type { AttemptStatus, Transition } from "../../db/link-attempts.ts";

/**
 * An abstract PostgreSQL and Plaid, small enough that every state of them can be walked: attempts by
 * public_token, live `items` rows, one user's lock, and Plaid's Items.
 */

/** A row of `link_attempts`, as far as a guard or a transition looks at it. */
export interface Attempt {
  status: AttemptStatus;
  /** A public_token is stored. */
  token: boolean;
  run: string | null;
  sentAgain: boolean;
  /** An access token is stored. */
  access: boolean;
  /** The Item that the exchange returned. */
  item: string | null;
  reason: string | null;
  /** The accounts that the user chose are stored. */
  choice: boolean;
}

/** When an Item was first seen, and what was done since. */
export interface Seen {
  /** Before the last 40 minutes. */
  old: boolean;
  sent: boolean;
  removed: "just now" | "before" | null;
}

export interface World {
  attempts: Record<string, Attempt>;
  /** Plaid's Items by name; a public_token is exchanged once. */
  items: Record<string, "linked" | "alive" | "removed" | "never">;
  /** Update-mode public_tokens that were exchanged. */
  spent: string[];
  /** Live `items` rows. */
  live: string[];
  /** Who holds the user's lock. */
  lock: string | null;
  /** A response of an exchange was lost, or its process died with it: only Plaid's list has the Item. */
  lost: string[];
  /** Items whose public_token has expired. */
  expired: string[];
  /** Items that the reconciliation has seen with nobody who holds them. */
  seen: Record<string, Seen>;
  /** Why this state must never be reached. */
  violation: string | null;
}

/**
 * The Item that a public_token is exchanged for. `update`: the token is one of update mode.
 * `ofAnotherUser`: the Item, where the sender's own accounts do not have it.
 */
export interface Token {
  item: string;
  update: boolean;
  /** Its requests choose some of the bank's accounts. */
  chooses?: boolean;
  ofAnotherUser?: string;
}

/**
 * Performs a transition as `moveAttempt` does in SQL (`tests/integration/attempt-transitions.test.ts`
 * holds the two against each other): the new row, or null when the guard matches none.
 */
export function moved(
  attempt: Attempt | undefined,
  transition: Transition,
  values: {
    runId?: string;
    readRunId?: string | null;
    item?: string;
    reason?: string;
    choice?: boolean;
  } = {},
): Attempt | null {
  const status = attempt && transition.status[attempt.status];
  if (!attempt || !status) return null;
  const isOwn = attempt.run !== null && attempt.run === (values.runId ?? null);
  const isUnmarked = attempt.run === null && !attempt.sentAgain;
  if (transition.mark === "own" && !isOwn) return null;
  if (transition.mark === "none or own" && !isOwn && !isUnmarked) return null;
  if (transition.mark === "as read" && attempt.run !== (values.readRunId ?? null)) return null;
  const next = { ...attempt, status };
  if (transition.publicToken) next.token = transition.publicToken === "store";
  if (transition.run) {
    next.run = transition.run === "store" ? (values.runId ?? null) : null;
    next.sentAgain = transition.run === "store";
  }
  if (transition.accessToken) next.access = transition.accessToken === "store";
  if (transition.accessToken === "store" && values.item) next.item = values.item;
  if (transition.choice) next.choice = transition.choice === "store" && values.choice === true;
  if (transition.reason) next.reason = values.reason ?? null;
  return next;
}

/** The Item is removed at Plaid. */
export function removedAtPlaid(world: World, item: string): World {
  const violation = world.live.includes(item)
    ? `the Item ${item} is removed at Plaid while a live row holds it`
    : world.violation;
  return { ...world, items: { ...world.items, [item]: "removed" }, violation };
}

/** The transaction is over, and the lock with it. */
export function released(world: World, { name }: { name: string }): World {
  return world.lock === name ? { ...world, lock: null } : world;
}

/** What makes two worlds the same, in short. */
export const worldKey = ({ attempts, items, seen, ...world }: World) => [
  Object.entries(attempts).map(([token, attempt]) => [token, ...Object.values(attempt)]),
  Object.values(items),
  Object.entries(seen).map(([item, one]) => [item, ...Object.values(one)]),
  ...Object.values(world),
];
