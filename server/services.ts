import { availableParallelism } from "node:os";
import type { Kysely } from "kysely";
import { createDb } from "../db/client.ts";
import type { Database } from "../db/schema.ts";
import type { ApiKeyReads } from "./auth/api-keys.ts";
import { type Auth, createAuth } from "./auth/auth.ts";
import { KnownDevices } from "./auth/known-devices.ts";
import { LogInThrottle } from "./auth/log-in-throttle.ts";
import { hashesAtOnce, Passwords } from "./auth/passwords.ts";
import type { HashCost } from "./auth/scrypt.ts";
import { PendingLogIns } from "./auth/second-factor/pending-log-ins.ts";
import { SharedReads } from "./auth/shared-reads.ts";
import { AccountCache } from "./cache/account-cache.ts";
import { createRedisAccountStore } from "./cache/redis-account-store.ts";
import { RedisAdapter } from "./cache/redis-adapter.ts";
import { type Clock, wallClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { ConnectGate } from "./connect/connect-gate.ts";
import { SharedRuns } from "./connect/shared-runs.ts";
import { FiscilityError } from "./contracts/errors.ts";
import { Gate } from "./gate.ts";
import { LiveChanges } from "./live/live-changes.ts";
import { createMailer, type Mailer } from "./mail/mailer.ts";
import { type ResolveHost, resolveHost } from "./outgoing-webhooks/post-webhook.ts";
import { createPlaidAdapter, type PlaidAdapter } from "./plaid/plaid-adapter.ts";
import { createPlaidLimiter } from "./rate-limits/plaid-limiter.ts";
import { createRequestLimiter, type RequestLimiter } from "./rate-limits/request-limiter.ts";
import { createLog, type Log, type LogDestination, type ObserveLine } from "./telemetry/log.ts";
import { spans } from "./telemetry/spans.ts";
import type { OnStep } from "./telemetry/step-times.ts";
import {
  quotas as productQuotas,
  type Quotas,
  type TimeLimits,
  timeLimits,
} from "./time-limits.ts";
import { Vault } from "./vault/vault.ts";
import { WebhookIntake } from "./webhooks/webhook-intake.ts";
import { WebhookKeys } from "./webhooks/webhook-keys.ts";

/** Connections for transactions that contain a Plaid call, or wait for one: few, and separate. */
const connectPoolSize = 8;
/** Connections of everything else, so that a slow Plaid never delays a read. */
export const poolSize = 10;
/** The same for a process with only jobs: they wait for Plaid, and hardly ever for PostgreSQL. */
export const workerPoolSize = 4;

/** Everything that a request may need, built once. */
export interface Services {
  config: Config;
  log: Log;
  db: Kysely<Database>;
  /**
   * For transactions that hold a user's lock as long as a connection may. Use it only through `connectGate`.
   */
  connectDb: Kysely<Database>;
  connectGate: ConnectGate;
  /** Requests that send the same public_token at once. */
  sharedRuns: SharedRuns;
  plaid: PlaidAdapter;
  mailer: Mailer;
  webhookKeys: WebhookKeys;
  webhookIntake: WebhookIntake;
  /** Looks up the hosts of users' webhooks. */
  resolveHost: ResolveHost;
  vault: Vault;
  cache: AccountCache;
  requestLimiter: RequestLimiter;
  apiKeyReads: ApiKeyReads;
  /** Every procedure call passes it. */
  callGate: Gate;
  /** Every page passes it, and leaves it when its last byte is sent. */
  pageGate: Gate;
  /** Reads of more than a page of a user's rows pass it, so that connections are left for quick reads. */
  heavyReads: Gate;
  /** Each export passes it, and leaves it when its last byte is sent. */
  exports: Gate;
  live: LiveChanges;
  auth: Auth;
  /** Every time limit, in milliseconds. Tests build services with shorter ones. */
  limits: TimeLimits;
  /** Limits for one caller, and for all of them together. */
  quotas: Quotas;
  /** Called after each step of a connection, disconnect or sync. Tests inject faults here. */
  onStep: OnStep | undefined;
  /** The time outside SQL. */
  clock: Clock;
}

export interface ServiceOptions {
  destination?: LogDestination;
  observe?: ObserveLine;
  /** Time limits that differ from the product's. */
  limits?: Partial<TimeLimits>;
  /** The benchmark raises them to measure what they protect. */
  quotas?: Quotas;
  onStep?: OnStep;
  clock?: Clock;
  resolveHost?: ResolveHost;
  /** The cost of hashing a password. Tests of other features make it cheap. */
  passwordCost?: HashCost;
  /** The maximum connections of `db`. */
  connections?: number;
}

/** Builds the services. Nothing connects before it is used. `close` closes every connection. */
export function createServices(
  config: Config,
  {
    destination,
    observe,
    onStep,
    limits: changed,
    quotas = productQuotas,
    clock = wallClock,
    resolveHost: resolve = resolveHost,
    passwordCost,
    connections = poolSize,
  }: ServiceOptions = {},
) {
  const limits = { ...timeLimits, ...changed };
  const log = createLog(config.logLevel, destination, observe);
  const onIdleError = (error: Error) =>
    log.warn({ event: "database_connection_lost", error: error.message }, "Connection lost");
  const common = {
    statementTimeoutMs: limits.statement,
    connectTimeoutMs: limits.databaseConnect,
    responseTimeoutMs: limits.databaseResponse,
    onIdleError,
    onQuery: config.tracesTo
      ? (sql: string, ms: number) =>
          spans.addFinished("postgresql", performance.now() - ms, { "db.query.text": sql })
      : undefined,
  };
  const db = createDb({
    ...common,
    url: config.databaseUrl.reveal(),
    hasSessions: config.databaseUrl.reveal() === config.databaseDirectUrl.reveal(),
    max: connections,
    lockTimeoutMs: limits.lock,
    idleInTransactionTimeoutMs: limits.statement,
  });
  const connectDb = createDb({
    ...common,
    // Not through a pooler: a connection that waits for Plaid would be missing for all reads.
    url: config.databaseDirectUrl.reveal(),
    hasSessions: true,
    max: connectPoolSize,
    statementTimeoutMs: limits.connectLock,
    lockTimeoutMs: limits.connectLock,
    idleInTransactionTimeoutMs: limits.connectIdleInTransaction,
  });
  if (config.plaintext.length > 0)
    log.warn(
      { event: "plaintext", links: config.plaintext },
      "Other hosts are reached without TLS",
    );
  const redis = config.redis ? new RedisAdapter(config.redis, log, limits) : null;
  // A cache evicts entries. A rate limit whose count is evicted starts again.
  const counters = config.redisCounters
    ? new RedisAdapter(config.redisCounters, log, limits)
    : redis;
  const devices = new KnownDevices(db, limits, config);
  const pending = new PendingLogIns(db, limits, config);
  const throttle = new LogInThrottle(counters, devices, config, log);
  const passwords = new Passwords(hashesAtOnce(availableParallelism()), {
    ...(passwordCost && { cost: passwordCost }),
  });
  const vault = new Vault(config.tokenKeys, config.envelopes);
  const plaid = createPlaidAdapter(config.plaid, createPlaidLimiter(counters), log, limits);
  const services: Services = {
    config,
    log,
    db,
    connectDb,
    connectGate: new ConnectGate(connectPoolSize, limits),
    sharedRuns: new SharedRuns(limits),
    plaid,
    mailer: createMailer(config, limits),
    resolveHost: resolve,
    webhookKeys: new WebhookKeys(plaid, db, counters, limits),
    webhookIntake: new WebhookIntake(db),
    vault,
    cache: new AccountCache(
      redis ? createRedisAccountStore(redis, limits.cacheEntry, log) : null,
      limits.cacheEntry,
      log,
    ),
    apiKeyReads: new SharedReads(),
    requestLimiter: createRequestLimiter(counters, quotas),
    ...createGates(quotas, limits),
    live: new LiveChanges(
      { db, log, limits, clock },
      config.databaseDirectUrl.reveal(),
      quotas.streams,
    ),
    auth: createAuth(
      config,
      db,
      { throttle, devices, passwords, pending, vault, clock },
      limits,
      log,
    ),
    limits,
    quotas,
    clock,
    onStep,
  };
  return {
    services,
    async close() {
      await services.live.close();
      redis?.close();
      counters?.close();
      await Promise.all([db.destroy(), connectDb.destroy()]);
    },
  };
}

function createGates(
  quotas: Quotas,
  limits: TimeLimits,
): Pick<Services, "callGate" | "pageGate" | "heavyReads" | "exports"> {
  const anyNumber = Number.POSITIVE_INFINITY;
  const tooMany = (limit: number) =>
    new FiscilityError("rate_limited", {
      details: { limit, windowSeconds: 0, retryAfterSeconds: 1 },
    });
  return {
    callGate: new Gate({
      inside: { all: anyNumber, each: quotas.callsAtOnce },
      waiting: { all: anyNumber, each: quotas.callsWaiting },
      waitMs: limits.callWait,
      refusal: () => tooMany(quotas.callsAtOnce),
    }),
    pageGate: new Gate({
      inside: { all: anyNumber, each: quotas.pagesAtOnce },
      waiting: { all: anyNumber, each: quotas.callsWaiting },
      waitMs: limits.callWait,
      refusal: () => tooMany(quotas.pagesAtOnce),
    }),
    heavyReads: new Gate({
      inside: { all: Math.floor(poolSize * quotas.heavyShare), each: quotas.heavyReads },
      waiting: { all: anyNumber, each: anyNumber },
      waitMs: limits.heavyReadWait,
      refusal: (own) => (own ? tooMany(quotas.heavyReads) : new FiscilityError("unavailable")),
    }),
    exports: new Gate({
      inside: { all: anyNumber, each: quotas.exports },
      // For a link that is clicked twice: the browser cancels the first download for the second.
      waiting: { all: anyNumber, each: 1 },
      waitMs: limits.exportWait,
      refusal: () => new FiscilityError("export_running"),
    }),
  };
}
