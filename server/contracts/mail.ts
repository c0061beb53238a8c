import { z } from "zod";

/** Notices that each user can turn off. All are on at first. */
export const noticeKinds = [
  "bank_connected",
  "bank_disconnected",
  "bank_needs_you",
  "connection_ends_soon",
  "plan_changed",
] as const;
export const noticeKind = z.enum(noticeKinds);
export type NoticeKind = z.infer<typeof noticeKind>;

/** How a second factor, or a replacement for one, changed. */
export const factorChanges = [
  "passkey_added",
  "passkey_removed",
  "authenticator_added",
  "authenticator_removed",
  "backup_codes_replaced",
  "backup_code_used",
  "reset_by_operator",
] as const;
export type FactorChange = (typeof factorChanges)[number];

/** What an operator did to an account. */
export type OperatorAct = "disabled" | "enabled" | "ended_sessions";

/**
 * Every kind of mail with the values of its text. A time is ISO 8601 UTC. Kinds that are not in `noticeKinds`
 * are about the account's security and cannot be turned off.
 */
export interface MailDetails {
  /** Its link confirms the address of a new account. */
  verify_email: Record<never, never>;
  /** Someone tried to sign up with, or change to, the address of this user. */
  address_taken: Record<never, never>;
  reset_password: Record<never, never>;
  /** To the new address; its link makes it the user's. */
  confirm_new_email: Record<never, never>;
  /** To the old address. */
  email_changed: { newEmail: string };
  new_device: { device: string | null; address: string | null; at: string };
  /** `by`: whether a mailed link was used. */
  password_changed: { by: "password" | "link" };
  factor_changed: { change: FactorChange };
  api_key_made: { name: string };
  webhook_added: { url: string };
  webhook_disabled: { url: string };
  operator_acted: { act: OperatorAct };
  bank_connected: { bank: string; accounts: number };
  bank_disconnected: { bank: string };
  bank_needs_you: { bank: string };
  connection_ends_soon: { bank: string; endsAt: string };
  plan_changed: { plan: string };
  /**
   * To the operator. `planId` is what `npm run plan` takes; `accounts` is the number of connected accounts.
   */
  plan_requested: {
    email: string;
    from: string;
    plan: string;
    planId: string;
    accounts: number;
    note: string | null;
  };
}
export type MailKind = keyof MailDetails;

/** Whether a user may turn this kind off. */
export const isNotice = (kind: MailKind): kind is NoticeKind =>
  (noticeKinds as readonly MailKind[]).includes(kind);
