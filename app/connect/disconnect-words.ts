/** The texts of the dialog that disconnects a bank. */
export const words = {
  title: (bank: string) => `Disconnect ${bank}?`,
  lead: "This cannot be taken back. You can connect the bank again at any time.",
  accounts: (accounts: string) => `${accounts} here, with balances and transactions`,
  access: "Our access to the bank, which is ended at Plaid",
  atBank: "Your accounts and your money at the bank",
  activity: "The entries in your activity",
  cancel: "Cancel",
  busy: "Disconnecting…",
  done: (bank: string) => `${bank} disconnected`,
};
