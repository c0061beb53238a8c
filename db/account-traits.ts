/** The fields that distinguish one real bank account from another, from Plaid or Link's metadata. */
export interface AccountTraits {
  /** Plaid's id of the account, different for each Item; null when only Link's metadata is known. */
  accountId: string | null;
  /** The bank's own id of the account, the same for each Item. Few banks return it. */
  persistentAccountId: string | null;
  mask: string | null;
  name: string;
  subtype: string | null;
}
