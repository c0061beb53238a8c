import { z } from "zod";

/** The user connected a bank after they saw this privacy notice. Times are ISO 8601 UTC. */
export const consent = z.object({
  id: z.uuid().describe("The consent's id."),
  institutionName: z.string().describe("The bank's name."),
  connectedAt: z.iso.datetime().describe("When the bank was connected, ISO 8601 UTC."),
  noticeVersion: z
    .string()
    .nullable()
    .describe(
      "The date of the privacy notice that was shown; null when no page of ours showed one.",
    ),
  shownAt: z.iso
    .datetime()
    .nullable()
    .describe("When the notice was shown, ISO 8601 UTC; null when none was."),
  linkSessionId: z.string().nullable().describe("Link's `link_session_id`."),
});
export type Consent = z.infer<typeof consent>;
