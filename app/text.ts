/**
 * Every English sentence the pages show, but for the server's own messages, which stand with their
 * reasons in `server/contracts/errors.ts`. A second language replaces this one object.
 */
export const text = {
  product: "Fiscility",
  nav: {
    label: "Main",
    dashboard: "Dashboard",
    activity: "Activity",
    account: "Your account",
    logOut: "Log out",
    skip: "Skip to content",
  },
  auth: {
    logIn: {
      title: "Log in",
      lead: "Welcome back.",
      submit: "Log in",
      busy: "Logging in…",
      otherLead: "New here?",
      other: "Create an account",
    },
    signUp: {
      title: "Create your account",
      lead: "Then connect your first bank. It takes about a minute.",
      submit: "Create account",
      busy: "Creating your account…",
      otherLead: "Already have an account?",
      other: "Log in",
    },
    name: "Name",
    email: "Email",
    password: "Password",
    passwordHint: "At least 8 characters.",
    show: "Show",
    hide: "Hide",
    showPassword: "Show password",
    hidePassword: "Hide password",
  },
  dashboard: {
    title: "Accounts",
    banks: "Connected banks",
    summary: (accounts: number, banks: number) =>
      `${counted(accounts, "account")} at ${counted(banks, "bank")}`,
    summaryEmpty: "No bank connected yet",
    accountCount: (accounts: number) => counted(accounts, "account"),
    connectedOn: (date: string) => `Connected ${date}`,
    status: { good: "Connected", login_required: "Needs a new log-in" },
    loginRequired:
      "This bank asks you to log in once more. The balances below are the last ones it gave.",
    isNew: "New",
  },
  account: {
    mask: (mask: string) => `•••• ${mask}`,
    maskSpoken: (mask: string) => `ending in ${mask.split("").join(" ")}`,
    available: (amount: string) => `${amount} available`,
    owed: "Owed",
    ofLimit: (amount: string) => `of ${amount} limit`,
    unknown: "Not given",
    unknownHint: "The bank does not give this balance.",
    name: "Account",
    balance: "Balance",
  },
  empty: {
    title: "See your accounts in one place",
    lines: [
      "Choose your bank and log in there, in a window run by Plaid. Your accounts appear here at once.",
      "We keep account names, the last digits and balances. Your bank password is never shared with us.",
    ],
  },
  connect: {
    button: "Connect a bank",
    opening: "Opening the bank connection…",
    connecting: (bank: string | null) => (bank ? `Connecting ${bank}…` : "Connecting your bank…"),
    needsScript:
      "Connecting a bank opens a window that needs JavaScript. Turn it on for this site to go on; everything else here works without.",
    connected: (bank: string, accounts: number) =>
      `${bank} connected: ${counted(accounts, "account")}`,
    alreadyConnected: (bank: string, accounts: number) =>
      `${bank} is already connected: ${counted(accounts, "account")}`,
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
      "We could not be reached, or did not answer in time. Check your internet connection and try again.",
    networkAfterBank:
      "We could not be reached, or did not answer in time. Your bank log-in is kept, and it is safe to try again.",
    unknown: "Something went wrong on our side. Please try again.",
    linkExit: "The bank reported a problem. Nothing was connected. Please try again.",
    noToken: "The bank window closed without an answer. Nothing was connected. Please try again.",
    tryAgain: "Try again",
    connectAgain: "Connect again",
    logIn: "Log in",
    dismiss: "Dismiss",
    reference: "Reference",
  },
  plan: {
    title: "Plan",
    meter: (used: number, max: number, plan: string) =>
      `${used} of ${counted(max, "account")} · ${plan}`,
    meterLabel: "Accounts used",
    room: (left: number) => `Room for ${counted(left, "more account", "more accounts")}.`,
    full: (plan: string, max: number, used: number) =>
      `The ${plan} plan holds ${counted(max, "account")}, and you have ${used}. To connect another bank, move to a larger plan.`,
    tooMany: (plan: string, max: number, used: number, wanted: number) =>
      `The ${plan} plan holds ${counted(max, "account")}. You have ${used}, and this would add ${wanted}. Nothing was connected. Choose fewer accounts at the bank, or move to a larger plan.`,
  },
  privacy: {
    title: "What we see",
    kept: "Account names, last digits, balances",
    never: "Your bank password",
    keptLabel: "Kept here",
    neverLabel: "Never seen",
  },
  activity: {
    title: "Activity",
    lead: "Everything that happened to your bank connections, newest first.",
    emptyTitle: "Nothing yet",
    empty: "When you connect a bank, it is written down here.",
    emptyAction: "Go to the dashboard",
    aBank: "A bank",
    connected: (bank: string) => `${bank} connected`,
    refused: (bank: string) => `${bank} was not connected`,
    failed: (bank: string) => `${bank} could not be connected`,
  },
  oauth: {
    title: "Finishing your connection",
    lead: "Your bank has sent you back. One moment, please.",
    lostTitle: "This connection cannot be continued",
    lost: "It was started in another browser, or too long ago. Nothing was connected. Start again from the dashboard.",
    stopped: "The connection was not finished. Nothing was connected.",
    back: "Back to the dashboard",
  },
  error: {
    notFoundTitle: "This page does not exist",
    notFound: "The address may be mistyped, or the page has moved.",
    title: "This page could not be shown",
    body: "Something went wrong on our side. Your connected banks are not affected.",
    retry: "Try again",
    home: "Go to the dashboard",
  },
} as const;

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
