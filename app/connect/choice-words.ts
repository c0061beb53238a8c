import { counted } from "../text.ts";

/** The texts of the dialogs in which accounts are chosen. */
export const words = {
  title: (room: number, accounts: number) =>
    `Your plan has room for ${room} of these ${counted(accounts, "account")}`,
  lead: "Choose what to connect. You can change this at any time, without logging in at the bank again.",
  legend: "Accounts",
  account: "Account",
  count: (chosen: number, room: number) => `${chosen} of ${room} chosen.`,
  full: "To choose another, take one out first.",
  none: "Choose at least one account.",
  cancel: "Cancel",
  connect: (count: number) =>
    count === 0 ? "Connect accounts" : `Connect ${counted(count, "account")}`,
  changeTitle: (bank: string) => `Accounts at ${bank}`,
  changeLead: "Choose which of these accounts are connected here.",
  removes: (accounts: number) =>
    `${accounts === 1 ? "This account" : "These accounts"} will be taken out of your dashboard with ${accounts === 1 ? "its" : "their"} transactions. You can add ${accounts === 1 ? "it" : "them"} again at any time.`,
  more: (bank: string) => `Choose other accounts at ${bank}`,
  save: "Save",
  saving: "Saving…",
  changed: (bank: string) => `Accounts at ${bank} changed`,
  notAdded: "Not all accounts were added",
  notAddedWhy:
    "The bank no longer shares one of them, or you have it through another log-in already.",
};
