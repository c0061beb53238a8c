/** The texts of dialogs that ask for a phrase before they remove something. */
export const words = {
  goes: "What goes",
  stays: "What stays",
  phrase: (phrase: string) => `Type “${phrase}” to confirm`,
  mismatch: "These are not the words above. Type them as they stand there.",
};
