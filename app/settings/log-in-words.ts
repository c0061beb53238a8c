import { counted } from "../text.ts";

/** The words of the Security page and its list of log-ins. */
export const words = {
  title: "Security",
  lead: "Where you are logged in, your password, and who logged in before.",
  sessions: "Logged in",
  current: "This one",
  started: "since",
  unknownDevice: "Unknown device",
  end: "Log out",
  endLabel: (device: string) => `Log out ${device}`,
  ended: "It is logged out.",
  endOthers: "Log out everywhere else",
  othersEnded: "You are logged out everywhere else.",
  password: "Change your password",
  currentPassword: "Current password",
  newPassword: "New password",
  endOthersToo: "Log out everywhere else",
  revokeKeys: "Revoke all API keys",
  revokeKeysHint: "Programs that use one stop working at once.",
  change: "Change password",
  changing: "Changing…",
  passwordChanged: "Your password is changed.",
  history: "Recent log-ins",
  historyLead:
    "The last 90 days, newest first. If one was not you, change your password and log out everywhere else.",
  historyEmpty: "None since this list was begun.",
  older: (count: number) => counted(count, "older one"),
  succeeded: "Logged in",
  wrong_password: "Somebody tried a wrong password",
} as const;
