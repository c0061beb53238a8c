import type { ItemStatus } from "../server/contracts/accounts.ts";
import type { Timeline, TimelineStep } from "../server/contracts/timeline.ts";
import type { ItemSyncRow } from "./schema.ts";

/** The columns that the timeline is derived from. */
export type TimelineFacts = Pick<
  ItemSyncRow,
  "status" | "synced_at" | "started_at" | "arrived" | "retry_at" | "due_at" | "clear_retry_at"
> & { hasTransactions: boolean };

/** Returns the current steps of a connection. */
export function timelineOf(itemStatus: ItemStatus, facts: TimelineFacts): Timeline {
  const transactions = transactionsStep(itemStatus, facts);
  // Balances arrived with the connection, and no other data will.
  if (!facts.hasTransactions) {
    return {
      steps: [at("connected", "done"), refreshed(facts), at("done", "done")],
      transactions: 0,
    };
  }
  const before: TimelineStep[] = [
    at("connected", "done"),
    refreshed(facts),
    facts.started_at || facts.synced_at
      ? at("sync_started", "done")
      : { ...transactions, step: "sync_started" },
    transactions,
  ];
  const all = before.every(({ state }) => state === "done");
  return { steps: [...before, at("done", all ? "done" : "waiting")], transactions: facts.arrived };
}

const refreshed = ({ clear_retry_at: retryAt }: TimelineFacts): TimelineStep =>
  retryAt ? at("refreshed", "failed", retryAt) : at("refreshed", "done");

function transactionsStep(itemStatus: ItemStatus, facts: TimelineFacts): TimelineStep {
  const step = "transactions";
  if (facts.synced_at) return at(step, "done");
  if (itemStatus === "login_required" || itemStatus === "revoked") return at(step, "needs_you");
  // The sweep starts a dead one again.
  if (facts.status === "failed") return at(step, "failed", facts.due_at);
  if (facts.retry_at) return at(step, "failed", facts.retry_at);
  return at(step, facts.started_at ? "running" : "waiting");
}

function at(
  step: TimelineStep["step"],
  state: TimelineStep["state"],
  retryAt: Date | null = null,
): TimelineStep {
  return { step, state, retryAt: retryAt?.toISOString() ?? null };
}
