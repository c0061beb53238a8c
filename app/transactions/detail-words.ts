/** The texts of the dialog with a transaction's details. */
export const words = {
  amount: "Amount",
  day: "Day",
  account: "Account",
  status: "Status",
  pending: "Pending: it may still change",
  posted: "Posted",
  bankText: "From the bank",
  merchant: "Merchant",
  kept: "What you change stays, also when the bank sends this transaction again.",
  reset: "Use the bank's own",
  cancel: "Cancel",
  save: "Save",
  saving: "Saving…",
  saved: "Transaction changed",
};
