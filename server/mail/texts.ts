import type { FactorChange, MailDetails, MailKind, OperatorAct } from "../contracts/mail.ts";

/** The text of a mail. `path` is the target of its button; a link that works once adds its token. */
export interface MailText {
  subject: string;
  paragraphs: string[];
  button?: { label: string; path: string };
}

const inUtc = (iso: string) =>
  `${new Intl.DateTimeFormat("en-US", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "UTC",
  }).format(new Date(iso))} UTC`;

const factorChanges: Record<FactorChange, string> = {
  passkey_added: "A passkey was added to your account.",
  passkey_removed: "A passkey was removed from your account.",
  authenticator_added: "An authenticator app was added to your account.",
  authenticator_removed: "The authenticator app was removed from your account.",
  backup_codes_replaced:
    "New backup codes were made for your account. The old ones no longer work.",
  backup_code_used: "A backup code was used to log in to your account. It no longer works.",
  reset_by_operator:
    "Our support team removed the second factor from your account. Log in and set up a new one.",
};

const operatorActs: Record<OperatorAct, { subject: string; line: string }> = {
  disabled: {
    subject: "Your account was disabled",
    line: "Our support team disabled your account. Nobody can log in to it, and your data is kept.",
  },
  enabled: {
    subject: "Your account works again",
    line: "Our support team enabled your account again. You can log in as before.",
  },
  ended_sessions: {
    subject: "You were logged out everywhere",
    line: "Our support team ended every session of your account. Log in again to continue.",
  },
};

const security = { label: "Review your account's security", path: "/settings/security" };
const dashboard = { label: "Open your dashboard", path: "/dashboard" };
const notYou =
  "If this was not you, choose a new password now, end the sessions you do not know, and revoke your API keys.";

/** The text of each kind of mail. */
export const mailTexts: { [Kind in MailKind]: (details: MailDetails[Kind]) => MailText } = {
  verify_email: () => ({
    subject: "Confirm your email address",
    paragraphs: [
      "Confirm this address to finish signing up. The link works once, for one hour.",
      "If you did not sign up, ignore this mail. Nobody can use your address without this link.",
    ],
    button: { label: "Confirm this address", path: "/verify-email" },
  }),
  address_taken: () => ({
    subject: "You already have an account",
    paragraphs: [
      "Somebody, perhaps you, tried to use this address for a new account. You already have one with it, and nothing was changed.",
      "Log in with your password. If you do not remember it, choose a new one.",
    ],
    button: { label: "Choose a new password", path: "/forgot-password" },
  }),
  reset_password: () => ({
    subject: "Choose a new password",
    paragraphs: [
      "You asked to choose a new password. The link works once, for 30 minutes. It ends every session of your account.",
      "If you did not ask for this, ignore this mail. Your password stays as it is.",
    ],
    button: { label: "Choose a new password", path: "/reset-password" },
  }),
  confirm_new_email: () => ({
    subject: "Confirm your new email address",
    paragraphs: [
      "Confirm this address to use it for your account from now on. The link works once, for one hour. Until then your old address stays in use.",
      "If you did not ask for this, ignore this mail.",
    ],
    button: { label: "Confirm this address", path: "/verify-email" },
  }),
  email_changed: ({ newEmail }) => ({
    subject: "Your email address was changed",
    paragraphs: [
      `Your account now uses ${newEmail}. You can no longer log in with this address.`,
      "If this was not you, reply to this mail at once: we can give you your account back.",
    ],
  }),
  new_device: ({ device, address, at }) => ({
    subject: "New log-in to your account",
    paragraphs: [
      `Your account was used to log in on a device that we have not seen before: ${device ?? "an unknown device"}${address ? `, address ${address}` : ""}, on ${inUtc(at)}.`,
      notYou,
    ],
    button: security,
  }),
  password_changed: ({ by }) => ({
    subject: "Your password was changed",
    paragraphs: [
      by === "link"
        ? "Your password was changed with a link that we mailed to you. Every session was ended."
        : "Your password was changed.",
      notYou,
    ],
    button: by === "link" ? { label: "Log in", path: "/login" } : security,
  }),
  factor_changed: ({ change }) => ({
    subject: "Your second factor was changed",
    paragraphs: [factorChanges[change], notYou],
    button: security,
  }),
  api_key_made: ({ name }) => ({
    subject: "A new API key was made",
    paragraphs: [
      `The API key “${name}” was made for your account. Whoever has it can use your account within its scopes.`,
      notYou,
    ],
    button: { label: "Review your API keys", path: "/settings/api-keys" },
  }),
  webhook_added: ({ url }) => ({
    subject: "A webhook was added",
    paragraphs: [
      `The address ${url} gets a message from now on when your banks, accounts or transactions change. The message has no balances and no amounts.`,
      notYou,
    ],
    button: { label: "Review your webhooks", path: "/settings/webhooks" },
  }),
  webhook_disabled: ({ url }) => ({
    subject: "A webhook was disabled",
    paragraphs: [
      `The address ${url} responded that it no longer takes our messages (410 Gone), so we send none until you enable it again.`,
      "If it is not in use any more, remove it.",
    ],
    button: { label: "Review your webhooks", path: "/settings/webhooks" },
  }),
  operator_acted: ({ act }) => ({
    subject: operatorActs[act].subject,
    paragraphs: [operatorActs[act].line, "If you did not expect this, reply to this mail."],
  }),
  bank_connected: ({ bank, accounts }) => ({
    subject: `${bank} is connected`,
    paragraphs: [
      `You connected ${bank} with ${accounts === 1 ? "one account" : `${accounts} accounts`}. Its balances and transactions are on your dashboard.`,
      "You can disconnect it at any time.",
    ],
    button: dashboard,
  }),
  bank_disconnected: ({ bank }) => ({
    subject: `${bank} is disconnected`,
    paragraphs: [`${bank} was disconnected. Its accounts and transactions are deleted here.`],
    button: dashboard,
  }),
  bank_needs_you: ({ bank }) => ({
    subject: `${bank} needs you`,
    paragraphs: [
      `We can no longer read ${bank}. What you have here is kept, and its balances are from the last time it worked.`,
      "Open your dashboard to see what the bank needs.",
    ],
    button: dashboard,
  }),
  connection_ends_soon: ({ bank, endsAt }) => ({
    subject: `Your connection to ${bank} ends soon`,
    paragraphs: [
      `Your permission to read ${bank} ends on ${inUtc(endsAt)}. Reconnect it before then and nothing is interrupted.`,
    ],
    button: dashboard,
  }),
  plan_changed: ({ plan }) => ({
    subject: `You are on the ${plan} plan`,
    paragraphs: [`Your plan was changed to ${plan}.`],
    button: { label: "See your plan", path: "/settings/plan" },
  }),
  plan_requested: ({ email, from, plan, planId, accounts, note }) => ({
    subject: `${email} asks for the ${plan} plan`,
    paragraphs: [
      `${email} is on the ${from} plan with ${accounts === 1 ? "one account" : `${accounts} accounts`} and asks for the ${plan} plan.`,
      ...(note ? [`They wrote: ${note}`] : []),
      `Answer with: npm run plan -- ${email} ${planId}`,
    ],
  }),
};
