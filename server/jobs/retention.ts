/** How long data is kept that is no longer needed, in days. The sweep deletes some of it each minute. */
export const retention = {
  /** Received webhooks, for debugging. */
  webhooks: 30,
  /** Mails, for debugging. */
  mails: 30,
  /** Webhooks sent to users' addresses. Users can view them and send them again. */
  webhookDeliveries: 30,
  /** Log-ins and wrong passwords in `log_ins`, which only the previous release writes. */
  logIns: 90,
  /** Events of a user's security history, log-ins included. */
  securityEvents: 400,
  /** Ids of removed transactions, for readers of changes. A cursor is accepted for a day less. */
  removedTransactions: 91,
  /** Users who never confirmed the address that they claim. */
  unconfirmedUsers: 7,
  /** Links in mail after they expired, so that a late link is recognized as expired. */
  mailLinks: 7,
} as const;
