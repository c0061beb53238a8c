import type { Kysely } from "kysely";
import { createDb } from "../db/client.ts";
import type { Database } from "../db/schema.ts";
import { type Auth, createAuth } from "./auth/auth.ts";
import { LogInThrottle } from "./auth/log-in-throttle.ts";
import { AccountCache } from "./cache/account-cache.ts";
import { createInProcessAccountStore } from "./cache/in-process-account-store.ts";
import { createPlaidLimiter } from "./cache/plaid-limiter.ts";
import { createRedisAccountStore } from "./cache/redis-account-store.ts";
import { RedisDoor } from "./cache/redis-door.ts";
import { createRequestLimiter, type RequestLimiter } from "./cache/request-limiter.ts";
import type { Config } from "./config.ts";
import { ConnectGate } from "./connect/connect-gate.ts";
import { createPlaidDoor, type PlaidDoor } from "./plaid/plaid-door.ts";
import { LiveChanges } from "./sync/live-changes.ts";
import { WebhookKeys } from "./sync/webhook-keys.ts";
import { createLog, type Log, type LogDestination, type ObserveLine } from "./telemetry/log.ts";
import { spans } from "./telemetry/spans.ts";
import { timeLimits } from "./time-limits.ts";
import { Vault } from "./vault/vault.ts";

/** For transactions that have a Plaid call inside, or wait for one that has: few, and apart. */
const connectPoolSize = 8;
/** Connections of everything else, so that a slow Plaid never delays a read. */
export const poolSize = 10;

/** Everything a request may need, built once. */
export interface Services {
  config: Config;
  log: Log;
  db: Kysely<Database>;
  /** What takes a person's lock for as long as a connection may: only through `connectGate`. */
  connectDb: Kysely<Database>;
  connectGate: ConnectGate;
  plaid: PlaidDoor;
  webhookKeys: WebhookKeys;
  vault: Vault;
  cache: AccountCache;
  requestLimiter: RequestLimiter;
  live: LiveChanges;
  auth: Auth;
}

/** Builds the services; nothing connects before it is used. `close` lets go of every connection. */
export function createServices(
  config: Config,
  { destination, observe }: { destination?: LogDestination; observe?: ObserveLine } = {},
) {
  const log = createLog(config.logLevel, destination, observe);
  const onIdleError = (error: Error) =>
    log.warn({ event: "database_connection_lost", error: error.message }, "Connection lost");
  const common = {
    statementTimeoutMs: timeLimits.statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    onIdleError,
    onQuery: config.tracesTo
      ? (sql: string, ms: number) =>
          spans.past("postgresql", performance.now() - ms, { "db.query.text": sql })
      : undefined,
  };
  const db = createDb({
    ...common,
    url: config.databaseUrl.reveal(),
    max: poolSize,
    lockTimeoutMs: timeLimits.lock,
    idleInTransactionTimeoutMs: timeLimits.statement,
  });
  const connectDb = createDb({
    ...common,
    // Not through a pooler: a connection that waits for Plaid would be missing to everybody's reads.
    url: config.databaseDirectUrl.reveal(),
    max: connectPoolSize,
    statementTimeoutMs: timeLimits.connectLock,
    lockTimeoutMs: timeLimits.connectLock,
    idleInTransactionTimeoutMs: timeLimits.connectIdleInTransaction,
  });
  if (config.plaintext.length > 0)
    log.warn(
      { event: "plaintext", links: config.plaintext },
      "Other hosts are reached without TLS",
    );
  const redis = config.redis ? new RedisDoor(config.redis, log) : null;
  // A cache evicts what it likes; a count that it evicts is a limit that starts again.
  const counters = config.redisCounters ? new RedisDoor(config.redisCounters, log) : redis;
  const plaid = createPlaidDoor(config.plaid, createPlaidLimiter(counters), log);
  const services: Services = {
    config,
    log,
    db,
    connectDb,
    connectGate: new ConnectGate(connectPoolSize),
    plaid,
    webhookKeys: new WebhookKeys(plaid),
    vault: new Vault(config.tokenKeys, config.envelopes),
    cache: new AccountCache(
      redis ? createRedisAccountStore(redis, log) : createInProcessAccountStore(),
      log,
    ),
    requestLimiter: createRequestLimiter(counters),
    live: new LiveChanges(db, config.databaseDirectUrl.reveal(), log),
    auth: createAuth(config, db, new LogInThrottle(counters, config, log), log),
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
