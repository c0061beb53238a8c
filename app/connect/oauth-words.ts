/** The texts of the page that a bank redirects to. */
export const words = {
  title: "Finishing your connection",
  lead: "Your bank has sent you back. One moment, please.",
  lostTitle: "This connection cannot be continued",
  lost: "It was started too long ago, or by someone else. Nothing was connected. Start again from the dashboard.",
  stoppedTitle: "You are back from your bank",
  stopped: "The dashboard shows what is connected. You can start again from there.",
  back: "Back to the dashboard",
  beforeTitle: "This page was opened before",
  before:
    "Your connection may be going on in another tab: finish it there. If no other tab is open, continue here.",
  goOn: "Continue here",
  yourBank: "Your bank",
  pendingTitle: (bank: string) => `${bank} is being connected`,
  pending: "A tab may be waiting for you. The dashboard shows what is connected.",
  connectedTitle: (bank: string) => `${bank} is connected`,
  connected: "You finished this connection before. There is nothing left to do here.",
  notConnectedTitle: (bank: string) => `${bank} was not connected`,
  overTitle: "This connection is over",
  over: "Your bank sent you here before, and that was used. The dashboard shows what is connected.",
};
