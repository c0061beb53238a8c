import { z } from "zod";

/** `session.stepUp`: the password of the user whose session this is. */
export const stepUpInput = z.strictObject({
  password: z.string().min(1, "Enter your password.").max(128, "Use at most 128 characters."),
});
export type StepUpInput = z.infer<typeof stepUpInput>;

/** Until `validUntil`, ISO 8601 UTC, this session does what asks for a proof. */
export const stepUpOutput = z.object({ validUntil: z.iso.datetime() });
export type StepUpOutput = z.infer<typeof stepUpOutput>;
