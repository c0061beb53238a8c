import { z } from "zod";

/** The user connected a bank after they saw this privacy notice. Times are ISO 8601 UTC. */
export const consent = z.object({
  id: z.uuid().describe("The consent's id."),
  institutionName: z.string().describe("The bank's name."),
  connectedAt: z.iso.datetime().describe("When the bank was connected, ISO 8601 UTC."),
  noticeVersion: z
    .string()
    .nullable()
    .describe("The privacy notice that was shown, by its date; null where no page of ours was."),
  shownAt: z.iso
    .datetime()
    .nullable()
    .describe("When the notice was shown, ISO 8601 UTC; null where none was."),
  linkSessionId: z
    .string()
    .nullable()
    .describe("Plaid Link's own id of the visit, as Link gave it."),
});
export type Consent = z.infer<typeof consent>;
