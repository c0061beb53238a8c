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
 * An API key as its owner sees it: never the key itself. `prefix` is how the key begins
 * (`fsk_` and its id), enough to recognise it by. Times are ISO 8601 UTC; `lastUsedAt` is exact to
 * the minute.
 */
export const apiKey = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe("The key's id."),
  name: z.string().describe("What the user calls it."),
  prefix: z.string().describe("How the key begins: `fsk_` and its id."),
  scopes: z.array(scope).describe("What the key may do."),
  status: apiKeyStatus.describe("`live` until it expires or is revoked."),
  createdAt: z.iso.datetime().describe("When it was made, ISO 8601 UTC."),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe("When it stops working, ISO 8601 UTC; null where it never does."),
  lastUsedAt: z.iso
    .datetime()
    .nullable()
    .describe("When it was last used, ISO 8601 UTC, exact to the minute; null when it never was."),
});
export type ApiKey = z.infer<typeof apiKey>;

/** Days that an API key works at most: NIST and OWASP ask for an end, and a year is a long one. */
const longestLifetime = 365;

/** `apiKeys.create`: the key works for `expiresInDays`, a year at most, and a year unless given. */
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

/** The one time that the key itself leaves the server. */
export const createApiKeyOutput = z.object({ apiKey, key: z.string() });
export type CreateApiKeyOutput = z.infer<typeof createApiKeyOutput>;

/** `apiKeys.list`: every key of the user, revoked and expired ones too, newest first. */
export const apiKeysListOutput = z.object({ apiKeys: z.array(apiKey) });

export const revokeApiKeyInput = z.strictObject({ id: text.max(100) });
export const revokeApiKeyOutput = z.object({ apiKey });
