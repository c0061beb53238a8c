import type { ConnectState, Step } from "./connect-types.ts";

/** The initial state of every page. */
export const start: ConnectState = {
  run: 0,
  step: { name: "idle" },
  arrival: null,
  changing: null,
};

/**
 * Returns the new bank whose card is pending, for the page; null without one. At most `room` accounts will be
 * connected: what the plan has room for, as far as the page knows.
 */
export function pendingBank(step: Step, room = Number.POSITIVE_INFINITY): PendingBank | null {
  if (!("task" in step) || step.task.kind !== "connect") return null;
  const { accountIds, metadata } = step.task;
  const choice = step.name === "choosing" ? step.choice : null;
  const all = choice?.accounts.length || metadata.accounts?.length || 1;
  const accountCount = accountIds?.length || Math.min(choice?.room ?? room, all) || all;
  return {
    bank: metadata.institution?.name ?? null,
    accountCount,
    notConnected: Math.max(0, all - accountCount),
    busy: step.name === "waiting" || ("retries" in step && step.retries > 0),
  };
}

export interface PendingBank {
  bank: string | null;
  accountCount: number;
  /** Accounts that are listed as not connected. */
  notConnected: number;
  /** The server was busy; the call is being retried. */
  busy: boolean;
}
