import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { passkeyJson, totpCode } from "./second-factors.ts";

/**
 * `session.stepUp`: one proof of the user's identity: their password, a code of their authenticator app, or
 * what their passkey signed for `session.passkeyOptions`.
 */
export const stepUpInput = z
  .strictObject({
    password: z
      .string()
      .min(1, fieldProblems.password)
      .max(128, fieldProblems.atMost("128"))
      .optional(),
    code: totpCode.optional(),
    passkey: passkeyJson.optional(),
  })
  .refine(
    (given) => Object.values(given).filter((proof) => proof !== undefined).length === 1,
    "Send a password, a code or a passkey.",
  );
export type StepUpInput = z.infer<typeof stepUpInput>;

/** Until `validUntil`, ISO 8601 UTC, this session may call procedures that require a proof. */
export const stepUpOutput = z.object({ validUntil: z.iso.datetime() });
export type StepUpOutput = z.infer<typeof stepUpOutput>;
