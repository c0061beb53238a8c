import type { NoticeKind } from "../../server/contracts/mail.ts";

/** The texts of the pages that emails link to, and of the settings for emails. */
export const words = {
  verify: {
    title: "Confirm your email",
    lead: (email: string) => `Press the button to confirm ${email}.`,
    submit: "Confirm this address",
    busy: "Confirming…",
    doneTitle: "Your email is confirmed",
    done: "You can connect your bank now.",
    taken: "This address belongs to another account by now. Log in to that one instead.",
  },
  forgot: {
    title: "Choose a new password",
    lead: "Enter the email of your account. We mail you a link that works once, for 30 minutes.",
    submit: "Mail me a link",
    busy: "Sending…",
    otherLead: "Do you remember it?",
    other: "Log in",
    sentTitle: "Check your email",
    sent: (email: string) =>
      `If ${email} has an account, a link is on its way. If it does not arrive within a few minutes, check your spam folder or try again.`,
  },
  reset: {
    title: "Choose a new password",
    lead: (email: string) => `For ${email}. Every session of your account is ended.`,
    revokeKeysHint:
      "If someone else may have had your password. Programs that use a key stop working at once.",
    submit: "Change password",
    busy: "Changing…",
  },
  link: {
    used: "This link was used already. Each one works once.",
    expired: "This link has expired.",
    unknown: "This link does not work. A newer one may have replaced it.",
    other_user:
      "You are logged in to another account than this link is for. Log out first, then open the link again.",
    title: "This link does not work",
    confirmed: "If you have confirmed your email with it, all is well: log in as usual.",
    newConfirmation: "Log in to have a new one sent.",
    newReset: "Ask for a new one",
    toLogIn: "Go to log-in",
    toDashboard: "Go to your dashboard",
    logOut: "Log out",
  },
  notices: {
    title: "Notifications",
    lead: "What we mail you about. Mail about your account's security always comes.",
    save: "Save",
    saving: "Saving…",
    saved: "Your choice is saved.",
    kinds: {
      bank_connected: "A bank was connected",
      bank_disconnected: "A bank was disconnected",
      bank_needs_you: "A bank needs you: once, then every week",
      connection_ends_soon: "A connection ends within 7 days",
      plan_changed: "Your plan was changed",
    } satisfies Record<NoticeKind, string>,
    alwaysTitle: "Always",
    always: [
      "A log-in on a new device",
      "A changed password, email or second factor",
      "A new API key",
      "Something that our support team does to your account",
    ],
  },
  unsubscribe: {
    title: "Turn off this mail?",
    lead: "You will get no more mail about this:",
    submit: "Turn it off",
    busy: "Turning it off…",
    doneTitle: "It is turned off",
    done: "You will get no more mail about this:",
    unknown: "This link does not work. You can choose what we mail you about in the settings.",
    settings: "Choose what we mail you about",
  },
  email: {
    title: "Your email",
    lead: (email: string) => `You log in with ${email}.`,
    newEmail: "New email",
    submit: "Change email",
    busy: "Sending…",
    sent: (email: string) =>
      `We mailed a link to ${email}. Your email changes once you open it, and your old address is told.`,
  },
  consents: {
    title: "What you agreed to",
    lead: "Each bank that you connected, with the privacy notice that you were shown before.",
    empty: "You have connected no bank yet.",
    notice: (version: string) => `Privacy notice of ${version}`,
    noNotice: "Connected by a program, without a page of ours",
    session: (id: string) => `Link session ${id}`,
    read: "Read the privacy notice",
  },
};
