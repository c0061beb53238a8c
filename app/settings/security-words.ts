import type { SecurityEventKind } from "../../server/contracts/security-events.ts";
import { counted } from "../text.ts";

type Details = Record<string, string>;

const named = (what: string, { name }: Details) => (name ? `${what}: ${name}` : what);

/** How a user proved who they are. */
const proofs: Record<string, string> = { password: "password", code: "code", passkey: "passkey" };

/** The texts of the security record. */
export const words = {
  title: "Security record",
  lead: "Log-ins and whatever else happened to your account, newest first. If something was not you, change your password and log out everywhere else.",
  empty: "Nothing yet. Log-ins and changes of how you log in appear here.",
  older: (count: number) => counted(count, "older one"),
  kinds: {
    log_in: () => "Logged in",
    log_in_failed: () => "Someone tried a wrong password",
    log_out: () => "Logged out",
    session_ended: () => "A session was ended",
    other_sessions_ended: () => "All other sessions were ended",
    step_up: ({ by }) => `Confirmed it was you by ${proofs[by ?? ""] ?? "password"}`,
    step_up_failed: ({ by }) =>
      `A wrong ${proofs[by ?? ""] ?? "password"} was given to confirm it was you`,
    password_changed: () => "Password changed",
    password_reset_requested: () => "A link to choose a new password was requested",
    password_reset: () => "Password changed with a mailed link",
    email_verified: () => "Email confirmed",
    email_change_requested: ({ to }) => `A change of the email to ${to} was requested`,
    email_changed: ({ from, to }) => `Email changed from ${from} to ${to}`,
    api_key_made: (details) => named("API key made", details),
    api_key_revoked: (details) => named("API key revoked", details),
    webhook_added: (details) => named("Webhook added", details),
    webhook_removed: (details) => named("Webhook removed", details),
    webhook_secret_replaced: (details) => named("Secret of a webhook replaced", details),
    passkey_added: (details) => named("Passkey added", details),
    passkey_removed: (details) => named("Passkey removed", details),
    authenticator_added: () => "Authenticator app added",
    authenticator_removed: () => "Authenticator app removed",
    backup_codes_replaced: () => "New backup codes were made",
    backup_code_used: () => "A backup code was used",
    factor_failed: () => "A wrong code or passkey was tried",
    device_trusted: () => "A device was trusted for 30 days",
    data_exported: () => "Your data was downloaded",
    operator_disabled: () => "Our support team disabled the account",
    operator_enabled: () => "Our support team enabled the account",
    operator_ended_sessions: () => "Our support team ended every session",
    operator_reset_factor: () => "Our support team removed the second factor",
    operator_changed_plan: ({ to }) => `Our support team changed the plan to ${to}`,
  } satisfies Record<SecurityEventKind, (details: Details) => string> as Record<
    SecurityEventKind,
    (details: Details) => string
  >,
};
