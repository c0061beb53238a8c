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

/**
 * The user's banks or accounts have changed: read them again. `dataVersion` rises with each change and is the
 * event's id. Several changes at once are one event with the newest version.
 */
export const liveChange = z.object({
  dataVersion: z.int().describe("Rises with each change; it is also the event's id."),
});
export type LiveChange = z.infer<typeof liveChange>;

/** An event with the id to continue from. */
export interface LiveEvent {
  id: string;
  data: LiveChange;
}
