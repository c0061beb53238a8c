import type { ReasonDetails } from "./objects.ts";

type Kind = "string" | "number" | "boolean" | "object" | "array";

/**
 * The type of each field of a reason's details; `?` when it may be missing or null. zod would check the same
 * at three times the size of the whole client.
 */
const kinds: {
  [R in keyof ReasonDetails]: { [F in keyof Required<ReasonDetails[R]>]: Kind | `${Kind}?` };
} = {
  limit_reached: {
    plan: "string",
    limit: "number",
    used: "number",
    wanted: "number",
    choice: "object?",
  },
  duplicate_accounts: {
    itemId: "string",
    institutionName: "string",
    accounts: "array",
    mayConnectAnyway: "boolean",
    offeredCount: "number",
    newCount: "number",
    itemStatus: "string?",
  },
  bank_error: { message: "string?" },
  exchange_lost: { cleanUp: "boolean" },
  confirmation_mismatch: { expected: "string" },
  invalid_input: { issues: "array" },
  scope_missing: { required: "string", held: "array" },
  rate_limited: { limit: "number", windowSeconds: "number", retryAfterSeconds: "number" },
  too_many_attempts: { retryAfterSeconds: "number" },
  busy: { retryAfterSeconds: "number" },
  log_in_busy: { retryAfterSeconds: "number" },
  refreshed_recently: { retryAfterSeconds: "number" },
  too_many_api_keys: { limit: "number" },
  too_many_webhooks: { limit: "number" },
  too_many_passkeys: { limit: "number" },
};

/** Returns the names of the fields of a reason's details. */
export const detailNames = (reason: string): string[] =>
  Object.hasOwn(kinds, reason) ? Object.keys(kinds[reason as keyof ReasonDetails]) : [];

/** Returns the documented fields of a reason from the server's details; null when they do not match. */
export function detailsOf(reason: string, sent: unknown): object | null {
  if (!Object.hasOwn(kinds, reason)) return {};
  const promised = Object.entries(kinds[reason as keyof ReasonDetails]) as [string, string][];
  const details = (typeof sent === "object" && sent !== null ? sent : {}) as Record<
    string,
    unknown
  >;
  const fits = promised.every(([field, kind]) => {
    const value = details[field];
    if (value === undefined || value === null) return kind.endsWith("?");
    return (Array.isArray(value) ? "array" : typeof value) === kind.replace("?", "");
  });
  return fits
    ? Object.fromEntries(
        promised.flatMap(([field]) => (field in details ? [[field, details[field]]] : [])),
      )
    : null;
}
