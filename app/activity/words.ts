import { counted } from "../text.ts";

/** The texts of the Activity page. */
export const words = {
  title: "Activity",
  lead: "Everything that happened to your bank connections, newest first.",
  emptyTitle: "Nothing yet",
  empty: "When you connect a bank, it is written down here.",
  emptyAction: "Go to the dashboard",
  connected: (bank: string) => `${bank} connected`,
  already_connected: (bank: string) => `${bank} was connected already`,
  reconnected: (bank: string) => `${bank} reconnected`,
  added: (accounts: number) => `${counted(accounts, "account")} added`,
  accounts_chosen: (bank: string) => `Accounts at ${bank} changed`,
  noneAdded: "New accounts were not added: the plan had no room for them.",
  disconnected: (bank: string) => `${bank} disconnected`,
  refused: (bank: string) => `${bank} was not connected`,
  failed: (bank: string) => `${bank} could not be connected`,
  cleanedUp: {
    lost: "We lost the bank's reply. The unfinished connection is cleaned up.",
    notFinished:
      "You finished at the bank, but its reply never reached us. The unfinished connection is cleaned up.",
  },
  login_required: (bank: string) => `${bank} asks for a new log-in`,
  expiring: (bank: string) => `${bank} will soon ask for a new log-in`,
  revoked: (bank: string) => `Access to ${bank} has ended`,
  repaired: (bank: string) => `${bank} works again`,
  new_accounts: (bank: string) => `${bank} has new accounts to choose from`,
  account_revoked: (bank: string) => `Permission for an account withdrawn at ${bank}`,
  problem: {
    log_in: (bank: string) => `${bank} asks for a new log-in`,
    choose_accounts: (bank: string) => `${bank} asks you to choose your accounts again`,
    allow_access: (bank: string) => `${bank} asks you to allow access again`,
    act_at_bank: (bank: string) => `${bank} needs something from you first`,
    wait: (bank: string) => `${bank} stopped responding`,
    unsupported: (bank: string) => `${bank} can no longer be read`,
    connect_again: (bank: string) => `Access to ${bank} has ended`,
    unknown: (bank: string) => `${bank} reported a problem`,
  },
} as const;
