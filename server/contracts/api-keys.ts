import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";
import { list } from "./list.ts";
import { text } from "./text.ts";

/** What an API key may do. A key holds one or more; a session may do everything. */
export const scope = z.enum([
  "accounts:read",
  "transactions:read",
  "activity:read",
  "connections:write",
  "webhooks:write",
  "account:export",
]);
export type Scope = z.infer<typeof scope>;

/** `live` until it expires or is revoked. */
export const apiKeyStatus = z.enum(["live", "expired", "revoked"]);

/**
 * An API key as its owner sees it: never the key itself. `prefix` is the start of the key (`fsk_` and its
 * id), enough to recognize it. Times are ISO 8601 UTC; `lastUsedAt` is exact to the minute.
 */
export const apiKey = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe("The key's id."),
  name: z.string().describe("The user's name for it."),
  prefix: z.string().describe("The start of the key: `fsk_` and its id."),
  scopes: z.array(scope).describe("What the key may do."),
  status: apiKeyStatus.describe("`live` until it expires or is revoked."),
  createdAt: z.iso.datetime().describe("When it was created, ISO 8601 UTC."),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe("When it stops working, ISO 8601 UTC; null for never."),
  lastUsedAt: z.iso
    .datetime()
    .nullable()
    .describe("When it was last used, ISO 8601 UTC, exact to the minute; null when it never was."),
});
export type ApiKey = z.infer<typeof apiKey>;

/**
 * The maximum lifetime of an API key, in days: NIST and OWASP require an expiry, and a year is a long one.
 */
const longestLifetime = 365;

/** `apiKeys.create`: the key works for `expiresInDays`, at most and by default a year. */
export const createApiKeyInput = z.strictObject({
  name: text.trim().min(1, fieldProblems.name).max(100, fieldProblems.atMost("100")),
  scopes: list(z.array(scope).min(1, fieldProblems.scopes), 100),
  expiresInDays: z
    .number()
    .int()
    .min(1)
    .max(longestLifetime, fieldProblems.lifetime)
    .default(longestLifetime),
});
export type CreateApiKeyInput = z.infer<typeof createApiKeyInput>;

/** The only response that contains the key itself. */
export const createApiKeyOutput = z.object({ apiKey, key: z.string() });
export type CreateApiKeyOutput = z.infer<typeof createApiKeyOutput>;

/** `apiKeys.list`: every key of the user, revoked and expired ones too, newest first. */
export const apiKeysListOutput = z.object({ apiKeys: z.array(apiKey) });

export const revokeApiKeyInput = z.strictObject({ id: text.max(100) });
export const revokeApiKeyOutput = z.object({ apiKey });
