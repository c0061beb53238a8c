/** Every time limit of the product, in milliseconds. Each outgoing call has one. */
export const timeLimits = {
  /** One call to Plaid. Plaid's institutions calls take 1 to 3 s. */
  plaidCall: 8_000,
  /** A refresh, during which Plaid calls the bank. It is billed and never retried. */
  plaidRefresh: 40_000,
  /** Before the first retry of a call to Plaid; doubles each time, with jitter. */
  plaidBackoff: 200,
  /** The longest Retry-After that we wait for. The user retries after a longer one. */
  plaidWait: 3_000,
  /** From the first statement of `connectAccount` to its commit. Plaid is not called after it. */
  connectDeadline: 20_000,
  /**
   * The longest wait of a connection for its lock, after which it fails with `busy`: enough time must be left
   * for Plaid.
   */
  connectWait: 8_000,
  /** PostgreSQL ends a transaction with a Plaid call inside that is idle longer. */
  connectIdleInTransaction: 25_000,
  /** Age at which a `started` attempt has no living process and the recovery continues it. */
  attemptAbandoned: 30_000,
  /** Lifetime of a public_token. After it a retry is useless. */
  publicToken: 30 * 60_000,
  /**
   * How long we wait for `onSuccess` after the end of Link before we continue without it. It usually arrives
   * at once.
   */
  onSuccess: 5 * 60_000,
  /** Lifetime of a hosted Link's address. It is sent to a user, who may open it in the evening. */
  hostedLink: 24 * 60 * 60_000,
  /**
   * Before a Link that was finished without us, and cannot be connected now, is retried; doubles each time.
   */
  finishLinkRetry: 30_000,
  /** How long a second connection of the same user waits for the first. */
  connectLock: 20_000,
  /**
   * How long the recovery waits for a user's lock. Enough for short holders, such as a sync. A process that
   * connects holds it longer, and keeps its attempt.
   */
  recoveryLock: 500,
  /** One statement of a request. */
  statement: 5_000,
  /** One statement of `keys:rotate`, which scans whole tables. */
  rotation: 120_000,
  /** A row lock of a request outside `connectAccount`. */
  lock: 3_000,
  /** A connection from the pool, or a new one. */
  databaseConnect: 3_000,
  /** How long a job waits for a connection to be taken or to report how it ended. */
  jobConnection: 30_000,
  /** A connection that sets up a database: migrations, grants and limits. */
  databaseSetUp: 10_000,
  /** How long a response of PostgreSQL may still take after PostgreSQL has ended a statement. */
  databaseResponse: 2_000,
  /** A TCP connection to Redis. */
  redisConnect: 500,
  /** The connection including authentication. */
  redisReady: 1_000,
  /** One command. A request waits this long for a hanging Redis, once. */
  redisCommand: 250,
  /** The longest pause between attempts to reach Redis. */
  redisRetry: 3_000,
  /** A connection that lasted this long counts as stable. */
  redisSteady: 10_000,
  /** Lifetime of an entry in the account cache that does not change. */
  cacheEntry: 10 * 60_000,
  /** Before clearing the cache is retried; doubles each time, up to the longest. */
  cacheClearRetry: 2_000,
  cacheClearLongest: 60_000,
  /** Interval of the pings on a stream of live changes. */
  livePing: 10_000,
  /** Silence after which a client opens its stream again. */
  liveSilence: 25_000,
  /**
   * Interval at which the connection that listens for changes, and the rights of all streams, are checked.
   */
  liveCheck: 30_000,
  /** The longest pause between attempts to listen to PostgreSQL. */
  liveRetry: 5_000,
  /** An Item without webhooks is synced again after this long. */
  syncSweep: 6 * 60 * 60_000,
  /** The same while Plaid has not fetched the whole history. */
  syncIncomplete: 10 * 60_000,
  /** The same while Plaid has fetched nothing. */
  syncNotReady: 2 * 60_000,
  /** How long an unknown access_token must be refused before its Item counts as gone. */
  refusedToken: 10 * 60_000,
  /** Items whose tokens were refused within this are counted together: many mean that we made a mistake. */
  refusedTokenBurst: 60 * 60_000,
  /** After Plaid refused the User APIs to our client id, they are tried again after this long. */
  userApisRefused: 60 * 60_000,
  /** Every user's Items are compared with Plaid's list once in this time. */
  reconciliationRound: 7 * 24 * 60 * 60_000,
  /** A connection to the mail server, and its greeting. */
  mailConnect: 5_000,
  /** One mail, from connecting until the server accepts it. */
  mailSend: 15_000,
  /** Lifetime of a mailed link that confirms an address, from when it is sent. */
  confirmLink: 60 * 60_000,
  /** Lifetime of a mailed link to reset the password. */
  resetLink: 30 * 60_000,
  /** Interval between mails about a bank that needs its user. */
  bankReminder: 7 * 24 * 60 * 60_000,
  /** How long before its end a connection is mailed about. */
  endAnnounced: 7 * 24 * 60 * 60_000,
  /** Interval at which a worker looks for jobs of dead workers. */
  workerWatch: 10_000,
  /** Maximum age of a webhook, from Plaid's signature. */
  webhookAge: 5 * 60_000,
  /** How far Plaid's clock may be ahead of ours. */
  webhookAhead: 30_000,
  /** Interval at which one of Plaid's webhook keys is confirmed. */
  webhookKey: 60 * 60_000,
  /** The same when Plaid was unavailable: not every webhook must wait for it. */
  webhookKeyRetry: 60_000,
  /** How long a key that Plaid does not have is remembered. */
  webhookKeyUnknown: 10 * 60_000,
  /** One delivery of a webhook to a user's address, from the DNS lookup to the response's status. */
  webhookSend: 10_000,
  /** An address that takes longer to respond is slow, and waits behind others. */
  webhookSlow: 1_000,
  /** Before the first retry of a webhook; four times as long each time, up to the longest. */
  webhookRetry: 5_000,
  webhookRetryLongest: 8 * 60 * 60_000,
  /** How long one job sends the webhooks of an address before the next job runs. */
  webhookRun: 5_000,
  /** How long the previous secret also signs. */
  webhookOldSecret: 24 * 60 * 60_000,
  /** How long a proof of identity in a session is valid. */
  stepUp: 10 * 60_000,
  /** How long a log-in waits for its second step. */
  pendingLogIn: 10 * 60_000,
  /** Interval at which a bank's logo, color and website are fetched again. */
  institutionFresh: 30 * 24 * 60 * 60_000,
  /** The same after Plaid failed to return them. */
  institutionRetry: 24 * 60 * 60_000,
  /** Lifetime of a passkey's challenge. */
  passkeyChallenge: 5 * 60_000,
  /** How long a trusted browser skips the second step. */
  trustedDevice: 30 * 24 * 60 * 60_000,
  /** How long after its log-in a session may still be extended (NIST SP 800-63B, AAL1: 30 days). */
  session: 30 * 24 * 60 * 60_000,
  /** An idle connection is kept longer than load balancers keep theirs (60 s), so that they close first. */
  keepAlive: 75_000,
  /** The header of a request must arrive within this after its connection, or its first byte. */
  requestHeader: 5_000,
  /** A request with its body, at most 100 kB, must arrive within this after its first byte. */
  request: 10_000,
  /** Interval of the check for late requests. */
  requestCheck: 1_000,
  /** A connection on which no byte moves for this long is closed, because its client has stopped reading. */
  stalled: 120_000,
  /** How long a call of a user at their limit of concurrent calls waits for another to end. */
  callWait: 8_000,
  /** How long a heavy read waits for another to end. */
  heavyReadWait: 10_000,
  /**
   * Delay of the error for a caller over a limit, or with a request that no real client sends, so that
   * retrying in a loop costs the node little.
   */
  refusal: 250,
  /** How long an export waits for the user's other one to end. */
  exportWait: 2_000,
  /** How long open requests may take once no more are accepted: a connection's deadline and its clean-up. */
  shutdown: 25_000,
  /** One request to the trace collector, from connecting to the end of the response. */
  tracesExport: 30_000,
  /** How long the last spans may take at a shutdown. */
  tracesClose: 5_000,
} as const;

/** Milliseconds by name. */
export type TimeLimits = Record<keyof typeof timeLimits, number>;

/** Limits for one caller, and for all of them together. */
export const quotas = {
  /** Calls of one API key in each `callWindow`. */
  keyCalls: 600,
  /** Calls of one session in each `callWindow`. */
  sessionCalls: 1_200,
  /** Seconds. */
  callWindow: 60,
  /** Concurrent calls of one user on a node. */
  callsAtOnce: 8,
  /** Concurrent pages of one user on a node, until they are sent. */
  pagesAtOnce: 4,
  /** Calls that opening an event stream counts as. */
  callsOfStream: 10,
  /** Waiting calls or pages of one user: the largest batch. */
  callsWaiting: 100,
  /** Event streams of one user on a node. The oldest ends when another opens. */
  streams: 10,
  /** Concurrent exports of one user on a node. */
  exports: 1,
  /** Concurrent heavy reads of one user: the dashboard has two charts. */
  heavyReads: 2,
  /** The share of the database connections that all heavy reads may use together. */
  heavyShare: 0.5,
  /** Maximum sockets of a node, even if it may open more files, because each takes memory. */
  sockets: 20_000,
} as const;

export type Quotas = { readonly [Name in keyof typeof quotas]: number };
