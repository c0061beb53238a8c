import type { AttemptStatus, Transition } from "../../db/link-attempts.ts";

/**
 * An abstract PostgreSQL and Plaid, small enough to walk every state: attempts by public_token, live `items`
 * rows, one user's lock, and Plaid's Items.
 */

/** A row of `link_attempts`, with what guards and transitions use. */
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

/** When an Item was first seen, and what happened since. */
export interface Seen {
  /** First seen more than 40 minutes ago. */
  old: boolean;
  sent: boolean;
  removed: "just now" | "before" | null;
}

export interface World {
  attempts: Record<string, Attempt>;
  /** Plaid's Items by name. A public_token is exchanged once. */
  items: Record<string, "linked" | "alive" | "removed" | "never">;
  /** Update-mode public_tokens that were exchanged. */
  spent: string[];
  /** Live `items` rows. */
  live: string[];
  /** The holder of the user's lock. */
  lock: string | null;
  /** The response of an exchange was lost, or its process died with it: only Plaid's list has the Item. */
  lost: string[];
  /** Items whose public_token has expired. */
  expired: string[];
  /** Items that the reconciliation has seen and that no row holds. */
  seen: Record<string, Seen>;
  /** Why this state must never be reached. */
  violation: string | null;
}

/**
 * The Item that a public_token is exchanged for. `update`: the token is from update mode. `ofAnotherUser`:
 * the Item, when the sender's own accounts do not contain it.
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
 * compares the two). Returns the new row, or null when the guard matches none.
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

/** Removes the Item at Plaid. */
export function removedAtPlaid(world: World, item: string): World {
  const violation = world.live.includes(item)
    ? `the Item ${item} is removed at Plaid while a live row holds it`
    : world.violation;
  return { ...world, items: { ...world.items, [item]: "removed" }, violation };
}

/** Ends the transaction and releases its lock. */
export function released(world: World, { name }: { name: string }): World {
  return world.lock === name ? { ...world, lock: null } : world;
}

/** The identity of a world. */
export const worldKey = ({ attempts, items, seen, ...world }: World) => [
  Object.entries(attempts).map(([token, attempt]) => [token, ...Object.values(attempt)]),
  Object.values(items),
  Object.entries(seen).map(([item, one]) => [item, ...Object.values(one)]),
  ...Object.values(world),
];
