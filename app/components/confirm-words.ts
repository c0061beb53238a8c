/** The English sentences of what asks for a phrase before it takes something away. */
export const words = {
  goes: "What goes",
  stays: "What stays",
  phrase: (phrase: string) => `Type “${phrase}” to confirm`,
  mismatch: "These are not the words above. Type them as they stand there.",
};
