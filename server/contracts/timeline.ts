import { z } from "zod";

/**
 * The steps after a connection, in this order. `refreshed`: the dashboard shows it and the cache is cleared.
 * `sync_started`: the first sync has begun. `transactions`: they arrive. `done`: all of it.
 */
export const timelineStepName = z.enum([
  "connected",
  "refreshed",
  "sync_started",
  "transactions",
  "done",
]);

/**
 * `failed` steps are retried automatically, at `retryAt` (ISO 8601 UTC, null on all others). `needs_you`: the
 * user has to do something at the bank first.
 */
export const timelineStep = z.object({
  step: timelineStepName.describe("The step's name."),
  state: z
    .enum(["waiting", "running", "done", "failed", "needs_you"])
    .describe(
      "`failed` steps are retried automatically. `needs_you`: the user has to act at the bank first.",
    ),
  retryAt: z.iso
    .datetime()
    .nullable()
    .describe("When a failed step is retried, ISO 8601 UTC; null on all others."),
});
export type TimelineStep = z.infer<typeof timelineStep>;

/** The progress of a connection. `transactions`: how many the first sync has fetched so far. */
export const timeline = z.object({
  steps: z.array(timelineStep).describe("The steps in their order."),
  transactions: z
    .number()
    .int()
    .nonnegative()
    .describe("How many transactions the first sync has fetched so far."),
});
export type Timeline = z.infer<typeof timeline>;
