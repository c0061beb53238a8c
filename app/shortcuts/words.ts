/** The English sentences of the sheet of keyboard shortcuts. */
export const words = {
  title: "Keyboard shortcuts",
  lead: "They work wherever you are not typing.",
  dashboard: "Go to the dashboard",
  transactions: "Go to transactions",
  activity: "Go to activity",
  settings: "Go to the settings",
  search: "Search transactions",
  sheet: "Show this sheet",
  next: "then",
  on: "Use keyboard shortcuts",
  onHint: "Turn them off if single keys get in the way of your screen reader or of voice input.",
  close: "Close",
} as const;
