import { counted, text } from "../text.ts";

/** The texts of the page about the plan. */
export const words = {
  title: "Plan",
  lead: "How many accounts you can have connected here.",
  fullTitle: "There is no room for another account",
  plans: "Plans",
  yours: "Your plan",
  holds: (max: number) => counted(max, "account"),
  free: "Free",
  monthly: (price: string) => `${price} a month`,
  roomWith: (left: number) => `Room for ${counted(left, "more account", "more accounts")}`,
  noRoomWith: (used: number) => `Fewer than the ${used.toLocaleString(text.locale)} you have`,
  change: "More room",
  changeLine:
    "Disconnect a bank you no longer need: the room of all its accounts is free at once. Or ask for a larger plan: what is connected stays connected.",
  largest:
    "You have the largest plan. Disconnect a bank you no longer need to make room for another.",
  ask: "Ask for a larger plan",
  asked: (plan: string) => `You asked for the ${plan} plan`,
  askedOn: "We reply by email. Sent on",
  which: "Plan",
  note: "Anything we should know? (optional)",
  send: "Send request",
  sendAgain: "Change request",
  sending: "Sending…",
  option: (name: string, max: number) => `${name}: ${counted(max, "account")}`,
  toBanks: "Go to your banks",
};
