import { z } from "zod";

/** `live.changes`: the id of the last event that was seen; a stream opened again goes on from there. */
export const liveChangesInput = z
  .strictObject({
    lastEventId: z
      .string()
      .max(100)
      .optional()
      .describe("The id of the last event that was seen: the stream goes on from there."),
  })
  .optional();
export type LiveChangesInput = z.infer<typeof liveChangesInput>;

/**
 * The person's banks or accounts are not what they were: read them again. `dataVersion` rises with
 * each change and is the event's id; several changes at once are one event with the newest.
 */
export const liveChange = z.object({
  dataVersion: z.int().describe("Rises with each change; it is the event's id too."),
});
export type LiveChange = z.infer<typeof liveChange>;

/** What a subscriber gets: the change and the id to go on from. */
export interface LiveEvent {
  id: string;
  data: LiveChange;
}
