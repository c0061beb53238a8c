/** How long what nobody needs any more is kept, in days. The sweep deletes it, some at a time, each minute. */
export const retention = {
  /** Webhooks, to look into what went wrong. */
  webhooks: 30,
  /** Mails, to look into what went wrong. */
  mails: 30,
  /** What was sent to users' own addresses: they look into it, and have it sent again. */
  webhookDeliveries: 30,
  /** Log-ins and tries of others, which their user sees. */
  logIns: 90,
  /** Everything else in a user's security record. */
  securityEvents: 400,
  /** Which transactions were removed, for readers of changes; a cursor is taken for a day less. */
  removedTransactions: 91,
  /** Users who claim an address and never confirmed it. */
  unconfirmedUsers: 7,
  /** Links in mail, since they expired: one that is used late is told apart from one that never was. */
  mailLinks: 7,
} as const;
