import { counted } from "../text.ts";

/** The texts of a bank's card that the server writes: the browser does not load them. */
export const words = {
  status: {
    good: "Connected",
    refreshing: "Refreshing…",
    expiring: "Needs a new log-in soon",
    log_in: "Needs a new log-in",
    choose_accounts: "Choose your accounts",
    allow_access: "Needs your permission",
    act_at_bank: "Action needed at the bank",
    wait: "Not responding",
    unsupported: "No longer supported",
    connect_again: "Access has ended",
    unknown: "Needs attention",
  },
  asks: {
    expiring:
      "This bank will soon ask for a new log-in. Reconnect it before, and nothing is missed.",
    newAccounts: "This bank has new accounts that are not shown here.",
    noRoom: "This bank has new accounts, and your plan has no room for another.",
    notShared:
      "Some of these accounts are no longer shared by the bank. They are shown as they were last seen.",
  },
  unreadable: {
    transactions: (count: number) => `${counted(count, "transaction")} could not be read`,
    accounts: (count: number) => `${counted(count, "account")} could not be read in full`,
    hint: "The bank sent data that can't be used.",
  },
  cursorRefused:
    "The bank's history broke off twice while we were reading it. We start over within a few hours; what you see here is kept.",
  account: {
    available: (amount: string) => `${amount} available`,
    owed: "Owed",
    owedToYou: "Owed to you",
    ofLimit: (amount: string) => `of ${amount} limit`,
    notShared: "No longer shared",
    hidden: "Not in totals",
  },
  kinds: {
    depository: "Cash",
    credit: "Cards",
    investment: "Investments",
    loan: "Loans",
    other: "Other",
  },
  timeline: {
    step: {
      connected: "Bank connected",
      refreshed: "Dashboard refreshed",
      sync_started: "First sync started",
      transactions: "Transactions",
      done: "All done",
    },
    state: {
      waiting: "waiting",
      running: "on their way",
      failed: "failed, retry at",
      needs_you: "waiting for you",
    },
    arrived: (count: number) => counted(count, "transaction"),
    upToDate: (count: number) => `Up to date · ${counted(count, "transaction")} fetched`,
    balancesUpToDate: "Up to date · balances only",
    lastUpdated: "Last updated",
  },
};
