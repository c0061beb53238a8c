import { z } from "zod";

/**
 * Every kind of event in a user's security history. A released name must not change, because stored rows may
 * have it.
 */
export const securityEventKinds = [
  "log_in",
  "log_in_failed",
  "log_out",
  "session_ended",
  "other_sessions_ended",
  "step_up",
  "step_up_failed",
  "password_changed",
  "password_reset_requested",
  "password_reset",
  "email_verified",
  "email_change_requested",
  "email_changed",
  "api_key_made",
  "api_key_revoked",
  "webhook_added",
  "webhook_removed",
  "webhook_secret_replaced",
  "passkey_added",
  "passkey_removed",
  "authenticator_added",
  "authenticator_removed",
  "backup_codes_replaced",
  "backup_code_used",
  "factor_failed",
  "device_trusted",
  "data_exported",
  "operator_disabled",
  "operator_enabled",
  "operator_ended_sessions",
  "operator_reset_factor",
  "operator_changed_plan",
] as const;
export const securityEventKind = z.enum(securityEventKinds);
export type SecurityEventKind = z.infer<typeof securityEventKind>;

/** One event. `address` and `userAgent` are those of the request that caused it; null when there was none. */
export const securityEvent = z.object({
  id: z.uuid().describe("The event's id."),
  at: z.iso.datetime().describe("When it happened, ISO 8601 UTC."),
  kind: securityEventKind.describe("What happened."),
  details: z
    .record(z.string(), z.string())
    .describe("What it was about: the name of an API key, the reason an operator gave."),
  address: z
    .string()
    .nullable()
    .describe("The IP address of the request that caused it; null when there was none."),
  userAgent: z
    .string()
    .nullable()
    .describe("The browser or program that sent that request; null when unknown."),
});
export type SecurityEvent = z.infer<typeof securityEvent>;
