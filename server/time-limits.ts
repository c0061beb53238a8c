/** Every time limit of the product, in milliseconds. Each outgoing call has one. */
export const timeLimits = {
  /** One call to Plaid; Plaid's own institutions calls answer in 1 to 3 s. */
  plaidCall: 8_000,
  /** A refresh at Plaid, which asks the bank meanwhile. It is billed, and never sent again. */
  plaidRefresh: 40_000,
  /** Before a call to Plaid is sent again; doubled each time, with jitter. */
  plaidBackoff: 200,
  /** A Retry-After up to this is waited out; a longer one is left to the person. */
  plaidWait: 3_000,
  /** From the first statement of `connectAccount` to its commit; past it nothing more is asked of Plaid. */
  connectDeadline: 20_000,
  /** A connection that has not had its turn by then is told to come back: enough must be left for Plaid. */
  connectTurn: 8_000,
  /** A transaction with a Plaid call inside may be idle this long before PostgreSQL ends it. */
  connectIdleInTransaction: 25_000,
  /** Past this a `started` attempt has no living process: the recovery takes it up. */
  attemptAbandoned: 30_000,
  /** A public_token lives 30 minutes; after it, sending it again is of no use. */
  publicToken: 30 * 60_000,
  /** Between the end of Link and what we do about it without `onSuccess`, which usually comes at once. */
  onSuccess: 5 * 60_000,
  /** A hosted Link's address works for so long: it is sent to a user, who may open it in the evening. */
  hostedLink: 24 * 60 * 60_000,
  /** A Link that was finished without us, and cannot be connected just now, is tried again after this; doubled each time. */
  finishLinkRetry: 30_000,
  /** A second connection of the same person waits this long for the first. */
  connectLock: 20_000,
  /**
   * The recovery waits this long for a person's lock: for what takes it in passing, as a sync does. A
   * process that connects has it for longer, and keeps its attempt.
   */
  recoveryLock: 500,
  /** One statement of a request. */
  statement: 5_000,
  /** One statement of `keys:rotate`, which looks through whole tables. */
  rotation: 120_000,
  /** A row lock of a request outside `connectAccount`. */
  lock: 3_000,
  /** A connection from the pool, or a new one. */
  databaseConnect: 3_000,
  /** So long a job waits for the others, to be taken or to say how it ended. */
  jobConnection: 30_000,
  /** A connection of what sets a database up: migrations, rights and limits. */
  databaseSetUp: 10_000,
  /** An answer of PostgreSQL may be under way this long after it has ended what took too long. */
  databaseAnswer: 2_000,
  /** A TCP connection to Redis. */
  redisConnect: 500,
  /** The connection with its log-in. */
  redisReady: 1_000,
  /** One command; a request waits this long for a Redis that hangs, once. */
  redisCommand: 250,
  /** Between two tries to reach a Redis that stays away, at most. */
  redisRetry: 3_000,
  /** A connection that lasted this long was a good one. */
  redisSteady: 10_000,
  /** An entry of the account cache is dropped after this long without a change. */
  cacheEntry: 10 * 60_000,
  /** Before a cache that could not be cleared is cleared again; doubled each time, up to the longest. */
  cacheClearRetry: 2_000,
  cacheClearLongest: 60_000,
  /** A stream of live changes says this often that it is there. */
  livePing: 10_000,
  /** A client that hears nothing for this long opens its stream again. */
  liveSilence: 25_000,
  /** The connection that hears of changes, and the rights of all who follow, are checked this often. */
  liveCheck: 30_000,
  /** Between two tries to listen to PostgreSQL, at most. */
  liveRetry: 5_000,
  /** An Item that no webhook spoke of is synced again after this long. */
  syncSweep: 6 * 60 * 60_000,
  /** The same while Plaid has not fetched the whole history. */
  syncIncomplete: 10 * 60_000,
  /** The same while Plaid has fetched nothing. */
  syncNotReady: 2 * 60_000,
  /** An access_token that Plaid does not know counts as gone once it has been refused for so long. */
  refusedToken: 10 * 60_000,
  /** Items whose tokens were refused within this are counted together: many are our own mistake. */
  refusedTokenBurst: 60 * 60_000,
  /** Plaid refused the User APIs to our client id: they are tried again after this long. */
  userApisRefused: 60 * 60_000,
  /** Every user's Items are compared with Plaid's list once in this time. */
  reconciliationRound: 7 * 24 * 60 * 60_000,
  /** A connection to the mail server, and its greeting. */
  mailConnect: 5_000,
  /** One mail, from the connection to the server's word that it has it. */
  mailSend: 15_000,
  /** A mailed link that confirms an address works for so long after it is sent. */
  confirmLink: 60 * 60_000,
  /** A mailed link to choose a new password. */
  resetLink: 30 * 60_000,
  /** A bank that needs its user is mailed about again after this long. */
  bankReminder: 7 * 24 * 60 * 60_000,
  /** A connection that ends is mailed about this long before. */
  endAnnounced: 7 * 24 * 60 * 60_000,
  /** How often a worker looks for the jobs of workers that are gone. */
  workerWatch: 10_000,
  /** Since Plaid signed it, a webhook is taken for so long. */
  webhookAge: 5 * 60_000,
  /** Plaid's clock may be ahead of ours by this. */
  webhookAhead: 30_000,
  /** A key of Plaid's webhooks is asked for again after this long. */
  webhookKey: 60 * 60_000,
  /** The same when Plaid could not be asked: a webhook must not wait for that each time. */
  webhookKeyRetry: 60_000,
  /** A key that Plaid did not have is not asked for again for so long. */
  webhookKeyUnknown: 10 * 60_000,
  /** One delivery of a webhook to a user's address, from its name's lookup to the response's status. */
  webhookSend: 10_000,
  /** An address that takes longer than this to respond is slow, and waits behind others. */
  webhookSlow: 1_000,
  /** Before a webhook is sent again for the first time; four times as long each time, up to the longest. */
  webhookRetry: 5_000,
  webhookRetryLongest: 8 * 60 * 60_000,
  /** One job sends the webhooks of an address for so long, then the next job runs. */
  webhookRun: 5_000,
  /** The secret before the last one signs as well for so long. */
  webhookOldSecret: 24 * 60 * 60_000,
  /** What a user proves in a session is taken as proved for so long. */
  stepUp: 10 * 60_000,
  /** A log-in waits this long for its second step. */
  pendingLogIn: 10 * 60_000,
  /** What Plaid says of a bank (its logo, color and site) is asked for again after this long. */
  institutionFresh: 30 * 24 * 60 * 60_000,
  /** So long after Plaid was asked in vain for it. */
  institutionRetry: 24 * 60 * 60_000,
  /** A passkey's challenge is answered within this. */
  passkeyChallenge: 5 * 60_000,
  /** A browser that its user trusts skips the second step for so long. */
  trustedDevice: 30 * 24 * 60 * 60_000,
  /** Since its log-in, a session is prolonged no more after this long (NIST SP 800-63B, AAL1: 30 days). */
  session: 30 * 24 * 60 * 60_000,
  /** A connection with nothing on it is kept for longer than balancers keep theirs (60 s): they close first. */
  keepAlive: 75_000,
  /** The header of a request is here this long after its connection, or its first byte. */
  requestHeader: 5_000,
  /** A request is here with its body, 100 kB at most, this long after its first byte. */
  request: 10_000,
  /** How often requests are looked through for those that are late. */
  requestCheck: 1_000,
  /** A connection on which no byte moves for this long is closed: its reader has stopped. */
  stalled: 120_000,
  /** A call of a user who has as many at once as they may waits this long for one of them to end. */
  callTurn: 8_000,
  /** A heavy read waits this long for another to end. */
  heavyTurn: 10_000,
  /**
   * A refusal of a caller who is over a limit, or who sends what no client does, leaves this late: asking in a
   * loop costs the node little.
   */
  refusal: 250,
  /** An export waits this long for the user's other one to end. */
  exportTurn: 2_000,
  /** Open requests may take this long to end once no more are taken: a connection's deadline and its giving up. */
  shutdown: 25_000,
} as const;

/** Milliseconds by name. */
export type TimeLimits = Record<keyof typeof timeLimits, number>;

/** How much one caller may have, and all of them together. */
export const quotas = {
  /** Calls of one API key in `callWindow`. */
  keyCalls: 600,
  /** Calls of one session in `callWindow`. */
  sessionCalls: 1_200,
  /** Seconds. */
  callWindow: 60,
  /** Calls of one user that a node runs at once. */
  callsAtOnce: 8,
  /** Pages of one user that a node renders or sends at once. */
  pagesAtOnce: 4,
  /** Calls that opening an event stream counts as. */
  callsOfStream: 10,
  /** Calls or pages of one user that wait for those: the largest batch. */
  callsWaiting: 100,
  /** Event streams of one user at a node; the oldest ends when another opens. */
  streams: 10,
  /** Exports of one user that a node writes at once. */
  exports: 1,
  /** Heavy reads of one user at once: the dashboard has two charts. */
  heavyReads: 2,
  /** Of the connections to the database, what all heavy reads may have together. */
  heavyShare: 0.5,
  /** Sockets of a node, however many files it may open: each takes memory as well. */
  sockets: 20_000,
} as const;

export type Quotas = { readonly [Name in keyof typeof quotas]: number };
