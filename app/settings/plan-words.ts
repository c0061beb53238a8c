import { counted } from "../text.ts";

/** The English sentences of the page about the plan. */
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
  noRoomWith: (used: number) => `Fewer than the ${used.toLocaleString("en-US")} you have`,
  change: "More room",
  changeLines: [
    "Disconnect a bank you no longer need: the room of all its accounts is free at once.",
    "Or ask whoever runs Fiscility for another plan: it cannot be changed or paid for here. It is yours the moment they change it, and what is connected stays connected.",
  ],
  toBanks: "Go to your banks",
};
