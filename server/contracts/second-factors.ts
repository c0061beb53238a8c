import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { text } from "./text.ts";

/** For a call without input: any field that is sent is refused. */
export const noFields = z.strictObject({});

/** The code of an authenticator app: six digits; spaces do not matter. */
export const totpCode = z
  .string()
  .max(20)
  .transform((typed) => typed.replace(/\s/g, ""))
  .pipe(z.string().regex(/^\d{6}$/, fieldProblems.sixDigits));

/** The result of `PublicKeyCredential.toJSON()`, as JSON text. */
export const passkeyJson = z.string().min(1).max(16_000);

export const passkey = z.object({
  id: z.string().describe("The credential id, base64url."),
  name: z.string().describe("The user's name for it."),
  createdAt: z.iso.datetime().describe("When it was added, ISO 8601 UTC."),
  lastUsedAt: z.iso
    .datetime()
    .nullable()
    .describe("When it was last used, ISO 8601 UTC; null when it never was."),
});
export type Passkey = z.infer<typeof passkey>;

/** The second factors of a user, without anything that could log in. */
export const secondFactors = z.object({
  totpSince: z.iso
    .datetime()
    .nullable()
    .describe("When the authenticator app was set up, ISO 8601 UTC; null when there is none."),
  passkeys: z.array(passkey).describe("Passkeys, newest first."),
  backupCodesLeft: z
    .number()
    .int()
    .nonnegative()
    .describe("How many of the ten backup codes were not used yet."),
});
export type SecondFactors = z.infer<typeof secondFactors>;

/** `secret` is in base32, to type into an app; `uri` is the same as the content of a QR code. */
export const startTotpOutput = z.object({ secret: z.string(), uri: z.string() });
export type StartTotpOutput = z.infer<typeof startTotpOutput>;

export const confirmTotpInput = z.strictObject({ code: totpCode });

/** Ten codes, each valid for one log-in, only in this response; null when the user has some already. */
export const addedFactor = z.object({ backupCodes: z.array(z.string()).nullable() });
export type AddedFactor = z.infer<typeof addedFactor>;

export const backupCodesOutput = z.object({ backupCodes: z.array(z.string()) });
export type BackupCodesOutput = z.infer<typeof backupCodesOutput>;

/**
 * JSON text, for `PublicKeyCredential.parseCreationOptionsFromJSON()` or `…parseRequestOptionsFromJSON()`.
 */
export const passkeyOptionsOutput = z.object({ options: z.string() });
export type PasskeyOptionsOutput = z.infer<typeof passkeyOptionsOutput>;

export const addPasskeyInput = z.strictObject({
  name: text.trim().min(1, fieldProblems.passkeyName).max(100, fieldProblems.atMost("100")),
  passkey: passkeyJson,
});
export type AddPasskeyInput = z.infer<typeof addPasskeyInput>;

export const removePasskeyInput = z.strictObject({ id: z.string().min(1).max(1_400) });

export const removedFactor = z.object({ removed: z.literal(true) });
