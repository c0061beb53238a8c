import { z } from "zod";

/** That the user connected a bank, and which privacy notice they were shown before. Times are ISO 8601 UTC. */
export const consent = z.object({
  id: z.uuid(),
  institutionName: z.string(),
  connectedAt: z.iso.datetime(),
  noticeVersion: z
    .string()
    .nullable()
    .describe("The privacy notice that was shown, by its date; null where no page of ours was."),
  shownAt: z.iso.datetime().nullable(),
  linkSessionId: z
    .string()
    .nullable()
    .describe("Plaid Link's own id of the visit, as Link gave it."),
});
export type Consent = z.infer<typeof consent>;
