/** The texts of a month's categories. */
export const words = {
  in: "Money in",
  out: "Money out",
  none: { in: "Nothing came in.", out: "Nothing went out." },
  earlier: "Month before",
  later: "Month after",
  close: "Close",
  failed: "The categories could not be loaded.",
  tryAgain: "Try again",
  uncategorized: "No category",
};
