/** How long data is kept that is no longer needed, in days. The sweep deletes some of it each minute. */
export const retention = {
  /** Received webhooks, for debugging. */
  webhooks: 30,
  /** Mails, for debugging. */
  mails: 30,
  /** Webhooks sent to users' addresses. Users can view them and send them again. */
  webhookDeliveries: 30,
  /** Log-ins, and others' attempts, which the user sees. */
  logIns: 90,
  /** All other events of a user's security history. */
  securityEvents: 400,
  /** Which transactions were removed, for readers of changes; a cursor is taken for a day less. */
  removedTransactions: 91,
  /** Users who claim an address and never confirmed it. */
  unconfirmedUsers: 7,
  /** Links in mail after they expired, so that a late link is recognized as expired. */
  mailLinks: 7,
} as const;
