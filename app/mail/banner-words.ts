/** The texts of the banner above every page. Separate from those of the pages that emails link to. */
export const words = {
  label: "Confirm your email",
  required: (email: string) =>
    `Confirm your email to connect a bank or make an API key: open the link that we mailed to ${email}.`,
  optional: (email: string) => `Confirm your email: open the link that we mailed to ${email}.`,
  state: {
    waiting: "It is on its way.",
    retrying: "Our mail could not be delivered yet. We keep trying, and nothing is lost.",
    sent: "",
    failed: "Your mail server refused our mail. Check the address, or change it in the settings.",
  },
  send: "Send it again",
  sending: "Sending…",
  sentAgain: "A new link is on its way.",
  change: "Change the address",
};
