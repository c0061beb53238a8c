/**
 * The texts of the pages. The server's messages are with their reasons in `server/contracts/errors.ts`. Texts
 * that only one page needs are in a `words.ts` of its own, so that the dashboard does not load them.
 */
export const text = {
  /** BCP 47: the language of the page, of its dates and of its numbers. */
  locale: "en-US" as string,
  product: "Fiscility",
  nav: {
    label: "Main",
    dashboard: "Dashboard",
    transactions: "Transactions",
    activity: "Activity",
    account: (initials: string) => `Your account, ${initials}`,
    settings: "Settings",
    logOut: "Log out",
    skip: "Skip to content",
    shortcuts: "Keyboard shortcuts",
    updated: "Updated",
  },
  settings: {
    label: "Settings",
    account: "Account",
    security: "Security",
    notifications: "Notifications",
    apiKeys: "API keys",
    webhooks: "Webhooks",
    plan: "Plan",
  },
  appearance: { title: "Colours", system: "System", light: "Light", dark: "Dark" },
  dashboard: {
    title: "Accounts",
    banks: "Connected banks",
    summary: (accounts: number, banks: number) =>
      `${counted(accounts, "account")} at ${counted(banks, "bank")}`,
    summaryEmpty: "No bank connected yet",
    accountCount: (accounts: number) => counted(accounts, "account"),
    permissionEnds: "The permission ends on",
    notConnected: "Not connected",
    insights: "Net worth, money in and out",
    netWorth: "Net worth",
    netWorthChart: (change: string) => `Line of the net worth by day: ${change}`,
    change: (amount: string, from: string) => `${amount} since ${from}`,
    today: "Today",
    day: "Day",
    month: "Month",
    currencies: "Currency",
    range: "Range",
    ranges: { "1m": "1M", "3m": "3M", "1y": "1Y", all: "All" },
    netWorthOn: "Net worth on a day",
    by: "Accounts in groups",
    ways: { bank: "By bank", kind: "By kind" },
    accounts: "Your accounts",
    cashFlow: "Money in and out",
    cashFlowChart: "Bars of the money in and out by month",
    flow: { in: "In", out: "Out" },
    flowOf: {
      in: (month: string) => `In, ${month} so far`,
      out: (month: string) => `Out, ${month} so far`,
    },
    flowInMonth: (month: string, came: string, went: string) => `${month}: ${came} in, ${went} out`,
    asTable: "Show as table",
    chartsEmpty: "Drawn as soon as your bank's transactions arrive.",
    chartsNone: "Your connections give balances only. There is nothing to draw from them.",
    chartsFailed: "This could not be loaded. Your accounts are below.",
  },
  account: {
    mask: (mask: string) => `•••• ${mask}`,
    maskSpoken: (mask: string) => `ending in ${mask.split("").join(" ")}`,
    unknown: "Not given",
    unknownHint: "The bank does not give this balance.",
    name: "Account",
    balance: "Balance",
    showTransactions: "show transactions",
  },
  empty: {
    title: "See your accounts in one place",
    lines: [
      "Choose your bank and log in there, in a window run by Plaid. Your accounts appear here at once.",
      "We keep account names, their last digits, balances and transactions. Your bank password is never shared with us.",
    ],
    preview: {
      title: "An example of your dashboard: your net worth over time, and all accounts below it",
      accounts: ["Everyday checking", "Rainy day savings", "Travel card"],
    },
  },
  connect: {
    button: "Connect a bank",
    kindLabel: "What to connect",
    kind: { bank: "Bank or card", investments: "Investments", loan: "Loan" },
    opening: "Opening the bank connection…",
    connecting: (bank: string | null) => (bank ? `Connecting ${bank}…` : "Connecting your bank…"),
    busy: "Busy, trying again…",
    reconnect: "Reconnect",
    choose: "Choose accounts",
    chooseAt: (bank: string) => `Choose accounts at ${bank}`,
    againBank: (bank: string) => `Connect again to ${bank}`,
    added: (bank: string, accounts: number) => `${counted(accounts, "account")} added at ${bank}`,
    reconnected: (bank: string) => `${bank} is connected again`,
    itAgain: "Connect it again",
    aBank: "A bank",
    needsScript:
      "Connecting a bank, and changing a connection, opens a window that needs JavaScript. Turn it on for this site to go on; you can read everything without.",
    connected: (bank: string, accounts: number) =>
      `${bank} connected: ${counted(accounts, "account")}`,
    alreadyConnected: (bank: string, accounts: number) =>
      `${bank} is already connected: ${counted(accounts, "account")}`,
  },
  manage: {
    button: "Manage",
    bank: (bank: string) => `Manage ${bank}`,
    refresh: "Refresh now",
    refreshing: "Refreshing…",
    change: "Add or remove accounts",
    names: "Rename or hide accounts",
    site: "Open the bank's website",
    notLoaded: "This could not be opened",
  },
  refresh: {
    asked: (bank: string) => `Asking ${bank} for its newest transactions`,
    failed: "The bank was not refreshed",
    wait: (minutes: number) =>
      `You can refresh this bank again in ${counted(minutes, "minute")}. New transactions come by themselves as well.`,
    seeTransactions: "See the transactions",
  },
  disconnect: {
    button: "Disconnect",
    bank: (bank: string) => `Disconnect ${bank}`,
  },
  problem: {
    link: "The bank connection did not open",
    linkClosed: "The bank connection stopped",
    connect: "The bank was not connected",
    connectUnclear: "The connection is not confirmed yet",
    limit: "Your plan is full",
    tooMany: "That is more than your plan holds",
    linkScript:
      "The bank window could not be loaded. Nothing was changed. Check your internet connection and try again.",
    network:
      "We could not be reached, or did not respond in time. Check your internet connection and try again.",
    notLoaded:
      "A part of this page could not be loaded. Nothing was changed. Check your internet connection, then reload the page.",
    form: "No connection",
    formKept:
      "We could not be reached, or did not respond in time. This page is as you left it. Check your internet connection and try again.",
    networkAfterBank:
      "We could not be reached, or did not respond in time. Your bank log-in is kept, and it is safe to try again.",
    unknown: "Something went wrong on our side. Please try again.",
    linkExit: "The bank reported a problem. Nothing was connected. Please try again.",
    usedReturn:
      "The way back from your bank works once, and it was used. If no other tab is going on with it, please start again.",
    updateExit: "The bank reported a problem. Nothing was changed. Please try again.",
    duplicate: "You have these accounts already",
    duplicateAccounts: (bank: string, accounts: number, anyway: boolean) =>
      `${accounts === 1 ? "This account" : "These accounts"} at ${bank} ${accounts === 1 ? "is" : "are"} connected already. Nothing was connected.${
        anyway ? " If this is another account that looks the same, connect it anyway." : ""
      }`,
    ended: (bank: string) => `Access to ${bank} had ended`,
    takeOver:
      "You had these accounts already, and what you have here is kept. Connect again to continue with your new log-in.",
    someNew: (fresh: number, all: number) =>
      `${fresh} of these ${counted(all, "account")} ${fresh === 1 ? "is" : "are"} new`,
    addNew: (bank: string, fresh: number, anyway: boolean) =>
      `The accounts below are connected already, at ${bank}. Nothing was connected. Add the new ${fresh === 1 ? "one" : "ones"} to ${bank}.${
        anyway ? " If this is another bank that looks the same, connect it anyway." : ""
      }`,
    addTo: (bank: string) => `Add to ${bank}`,
    reconnectBank: (bank: string) => `Reconnect ${bank}`,
    connectAnyway: "Connect anyway",
    reconnect: "The bank was not reconnected",
    disconnect: "The bank was not disconnected",
    lostForGood:
      "We lost the bank's reply. Nothing was saved. Connect again; you can end the unfinished connection on your bank's website.",
    noToken: "The bank window closed without a result. Nothing was connected. Please try again.",
    tryAgain: "Try again",
    reload: "Reload the page",
    connectAgain: "Connect again",
    connectAnother: "Connect another bank",
    logIn: "Log in",
    setUp: "Set it up",
    dismiss: "Dismiss",
    reference: "Reference",
    copy: "Copy",
    copied: "Copied",
    copyReference: "Copy the reference",
  },
  plan: {
    meter: (used: number, max: number, plan: string) =>
      `${used} of ${counted(max, "account")} · ${plan}`,
    meterLabel: "Accounts used",
    room: (left: number) => `Room for ${counted(left, "more account", "more accounts")}.`,
    full: (plan: string, max: number, used: number) =>
      `The ${plan} plan holds ${counted(max, "account")}, and you have ${used}. To connect another bank, disconnect one first or ask for a larger plan.`,
    tooMany: (plan: string, max: number, used: number, wanted: number) =>
      `The ${plan} plan holds ${counted(max, "account")}. You have ${used}, and this would add ${wanted}. Nothing was connected. Choose fewer accounts at the bank, or ask for a larger plan.`,
    noneAdded: (plan: string, max: number, wanted: number) =>
      `${counted(wanted, "new account does", "new accounts do")} not fit the ${plan} plan, which holds ${max}. None was added.`,
    see: "See the plans",
  },
  privacy: {
    title: "What we see",
    kept: "Account names, last digits, balances and transactions",
    never: "Your bank password",
    keptLabel: "Kept here",
    neverLabel: "Never seen",
    notice: "Privacy notice",
  },
  error: {
    notFound: {
      title: "This page does not exist",
      body: "The address may be mistyped, or the page has moved.",
    },
    failed: {
      title: "This page could not be shown",
      body: "Something went wrong on our side. Your connected banks are not affected.",
    },
    unavailable: {
      title: "We will be back in a moment",
      body: "Our own records cannot be reached just now. Your banks stay connected, and nothing was changed.",
    },
    limited: {
      title: "Too many requests",
      body: "You have opened many pages in a short time. Wait a minute, then try again.",
    },
    retry: "Try again",
    home: "Go to the dashboard",
  },
} as const;

export function counted(count: number, one: string, many = `${one}s`): string {
  // Creating a browser's first formatter is as slow as the rest of a page, and small numbers do not need one.
  const digits = count < 1000 ? String(count) : count.toLocaleString(text.locale);
  return `${digits} ${count === 1 ? one : many}`;
}
