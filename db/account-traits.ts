/** What tells one real bank account from another, as Plaid and Link's metadata give it. */
export interface AccountTraits {
  /** Plaid's id of it, which each Item has its own of; null in what only Link has said. */
  accountId: string | null;
  /** The bank's own id of the account, the same for every Item; few banks give it. */
  persistentAccountId: string | null;
  mask: string | null;
  name: string;
  subtype: string | null;
}
