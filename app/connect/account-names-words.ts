/** The texts of the dialog that renames accounts. */
export const words = {
  title: (bank: string) => `Names at ${bank}`,
  lead: "Call an account what you like. One that is not in totals stays connected, and is left out of your net worth and of money in and out.",
  counts: "In totals",
  saved: (bank: string) => `Accounts at ${bank} changed`,
};
