import { counted } from "../text.ts";

/** The texts of the Account page, and of the message after an account was deleted. */
export const words = {
  title: "Your account",
  exportTitle: "Take your data with you",
  exportLead: "All that is kept of you here, as it stands now.",
  files: {
    "everything.json": "Everything (JSON)",
    "accounts.csv": "Accounts (CSV)",
    "transactions.csv": "Transactions (CSV)",
    "activity.csv": "Activity (CSV)",
  },
  deleteTitle: "Delete your account",
  deleteLead: "This cannot be taken back. If you want to keep your data, download it above first.",
  banks: (banks: number, accounts: number) =>
    `${counted(banks, "bank")} with ${counted(accounts, "account")}, and our access to ${banks === 1 ? "it" : "them"} at Plaid`,
  user: "Your log-in, API keys and activity",
  atBank: "Your accounts and your money at the bank",
  button: "Delete my account",
  busy: "Deleting…",
  deletedTitle: "Your account is deleted",
  deletedLead: "Nothing of you is kept here. You can log in with another account, if you have one.",
} as const;
