import { z } from "zod";

/** `live.changes`: the id of the last event that was received. A reopened stream continues from there. */
export const liveChangesInput = z
  .strictObject({
    lastEventId: z
      .string()
      .max(100)
      .optional()
      .describe("The id of the last event that was received: the stream continues from there."),
  })
  .optional();
export type LiveChangesInput = z.infer<typeof liveChangesInput>;

/** The ids of what changed since the event before. */
export const changedObjects = z.object({
  items: z.array(z.uuid()).describe("Items that were connected, changed or disconnected."),
  accounts: z.array(z.uuid()).describe("Accounts that were added, changed or removed."),
  transactions: z
    .array(z.string())
    .describe(
      "Transactions that were added, changed or removed; none for an API key without the scope `transactions:read`.",
    ),
  more: z
    .boolean()
    .describe(
      "Not all is listed: more than 100 of a kind changed, or all transactions of an account were removed.",
    ),
});
export type ChangedObjects = z.infer<typeof changedObjects>;

/**
 * The user's banks, accounts or transactions have changed: read them again. `dataVersion` rises with each change.
 * Several changes at once are one event with the newest version.
 */
export const liveChange = z.object({
  dataVersion: z.int().describe("Rises with each change."),
  changed: changedObjects
    .nullable()
    .describe(
      "What changed since the event before; null where that is not known, as on a stream that begins: read everything.",
    ),
});
export type LiveChange = z.infer<typeof liveChange>;

/** An event with the id to continue from. */
export interface LiveEvent {
  id: string;
  data: LiveChange;
}
