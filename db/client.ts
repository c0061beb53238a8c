import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
} from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

export interface DbOptions {
  url: string;
  /** Maximum number of connections. */
  max: number;
  /** PostgreSQL cancels a statement in a transaction that runs longer. Milliseconds. */
  statementTimeoutMs: number;
  /** Waiting longer for a connection (new or pooled) fails. Milliseconds. */
  connectTimeoutMs: number;
  /** PostgreSQL ends a transaction that is idle longer: its process is gone or stuck. Milliseconds. */
  idleInTransactionTimeoutMs: number;
  /** Waiting longer for a row lock in a transaction fails. Milliseconds. */
  lockTimeoutMs: number;
  /** How long PostgreSQL may be silent beyond the longest of these limits. Milliseconds. */
  responseTimeoutMs: number;
  /**
   * Whether each connection is a session of PostgreSQL, which keeps prepared statements. Behind a pooler in
   * transaction mode it is not.
   */
  hasSessions: boolean;
  /** Called when PostgreSQL closes an idle connection. The pool replaces it. */
  onIdleError: (error: Error) => void;
  /** Called after each query with its text, where `$1` stands for a value, and its milliseconds. */
  onQuery?: ((sql: string, ms: number) => void) | undefined;
}

/**
 * Creates a connection pool with Kysely. `numeric` and `bigint` are read as strings (pg's default).
 *
 * With `hasSessions`, the statements of `compiledOnce` are prepared. No other session state outlives a
 * transaction, so without it the connections may come from PgBouncer in transaction mode. Each transaction sets
 * its own time limits; statements outside a transaction have those of the role: `limitStatements`.
 */
export function createDb(options: DbOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    application_name: "fiscility",
  });
  pool.on("error", options.onIdleError);
  // A connection that PostgreSQL ends while the pool is closing has no other listener.
  pool.on("connect", (client) => {
    client.on("error", () => {});
    destroyWhenSilent(client, longestResponse(options));
    if (options.hasSessions) prepareStatements(client);
  });
  const { onQuery } = options;
  const db = new Kysely<Database>({
    dialect: new LimitedDialect({ pool }, options),
    ...(onQuery && {
      log: ({ query, queryDurationMillis }) => onQuery(query.sql, queryDurationMillis),
    }),
  });
  pools.set(db, pool);
  return db;
}

/** The names under which statements are prepared, by their text. */
const names = new Map<string, string>();

/** Makes PostgreSQL plan a statement once for each connection with `hasSessions`, instead of each time. */
export function prepareInSessions(sql: string): void {
  names.set(sql, createHash("sha256").update(sql).digest("base64url"));
}

function prepareStatements(client: pg.PoolClient): void {
  const prepared = (text: string, values?: unknown[]) => {
    const name = names.get(text);
    const args = name === undefined ? [text, values] : [{ name, text, values }];
    return Reflect.apply(pg.Client.prototype.query, client, args);
  };
  client.query = prepared as pg.PoolClient["query"];
}

/**
 * PostgreSQL itself ends what takes too long, except a commit that waits for its disk or its standby. Milliseconds.
 */
const longestResponse = (limits: TransactionLimits & Pick<DbOptions, "responseTimeoutMs">) =>
  limits.responseTimeoutMs +
  Math.max(limits.statementTimeoutMs, limits.lockTimeoutMs, limits.idleInTransactionTimeoutMs);

/**
 * If PostgreSQL is silent for `ms` while it runs a statement, the query fails with "PostgreSQL does not respond", and
 * the pool drops the connection. Whether the statement took effect is unknown.
 */
export function destroyWhenSilent(client: pg.ClientBase, ms: number): void {
  // Neither field is in the types. pg-pool ends connections that cannot be established in the same way.
  const inside = client as unknown as { connection: { stream: Socket }; readyForQuery: boolean };
  const { stream } = inside.connection;
  stream.setTimeout(ms).on("timeout", () => {
    if (!inside.readyForQuery) stream.destroy(new Error("PostgreSQL does not respond"));
  });
}

/**
 * Opens a connection that sets up a database, to end with `end`. `url` must connect to PostgreSQL directly.
 *
 * @param ms how long PostgreSQL may take to connect, and be silent while it runs a statement
 * @param options PostgreSQL's command-line options for the session
 * @throws DatabaseUnreachable with the host and the cause when PostgreSQL is down or refuses the role
 */
export async function openConnection(url: string, ms: number, options = ""): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ms, options });
  client.on("error", () => {});
  await client.connect().catch((error: Error) => {
    // A host with two addresses yields one error for each, and no message.
    const causes = error instanceof AggregateError ? error.errors : [error];
    const cause = causes.map(({ message }: Error) => message).join(", ");
    const host = `${client.host}:${client.port}`;
    throw new DatabaseUnreachable(`PostgreSQL at ${host} cannot be reached: ${cause}.`, {
      cause: error,
    });
  });
  destroyWhenSilent(client, ms);
  return client;
}

/**
 * PostgreSQL did not run the statement, so a retry is safe: no connection is available, because PostgreSQL is
 * down or the pool is exhausted; the connection was lost before the commit was sent; or a standby that is not
 * promoted yet refused a write.
 */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseUnreachable";
}

/**
 * Another transaction held a row longer than the lock timeout, or the two deadlocked. PostgreSQL rolled this
 * one back, so a retry is safe.
 */
export function isLockConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ["55P03", "40P01"].includes(error.code ?? "");
}

/**
 * The connection was lost while a statement ran, so whether it took effect is unknown. An administrator or a
 * restart ended it (57P01 to 57P03), PgBouncer lost its own (class 08), or the socket failed.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(57P0[123]|08...)$/.test(error.code ?? "");
  if (!(error instanceof Error)) return false;
  return (
    /^(ECONN(RESET|ABORTED)|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN))$/.test(
      (error as NodeJS.ErrnoException).code ?? "",
    ) ||
    /^(Connection terminated|PostgreSQL does not respond|Client (was closed|has encountered a connection error))/.test(
      error.message,
    )
  );
}

/** A standby, or a primary in read-only mode, refused to write. Nothing was done. */
const isReadOnly = (error: unknown) => error instanceof pg.DatabaseError && error.code === "25006";

/** The state of a pool: open connections, idle ones, and queries that wait for one. */
export interface PoolUse {
  open: number;
  idle: number;
  waiting: number;
}

const pools = new WeakMap<Db, pg.Pool>();

/** Returns the current state of the pool behind `db`, which must come from `createDb`. */
export function poolUse(db: Db): PoolUse {
  const pool = pools.get(db);
  if (!pool) throw new Error("only a database of createDb has a pool");
  return { open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

type TransactionLimits = Pick<
  DbOptions,
  "statementTimeoutMs" | "idleInTransactionTimeoutMs" | "lockTimeoutMs"
>;

/** Sets the time limits in the round trip that begins a transaction. */
class LimitedDialect extends PostgresDialect {
  readonly #limits: string;

  constructor(config: PostgresDialectConfig, limits: TransactionLimits) {
    super(config);
    this.#limits = `
      set local statement_timeout = ${limits.statementTimeoutMs};
      set local idle_in_transaction_session_timeout = ${limits.idleInTransactionTimeoutMs};
      set local lock_timeout = ${limits.lockTimeoutMs}`;
  }

  override createDriver(): Driver {
    const driver = super.createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    const commit = driver.commitTransaction.bind(driver);
    const rollback = driver.rollbackTransaction.bind(driver);
    const known = new WeakSet<DatabaseConnection>();
    /** Connections in a transaction whose commit was not sent. Losing one rolls it back. */
    const uncommitted = new WeakSet<DatabaseConnection>();
    driver.acquireConnection = async () => {
      const connection = await acquire().catch((cause: Error) => {
        throw new DatabaseUnreachable(cause.message, { cause });
      });
      if (!known.has(connection)) reportUnexecuted(connection, uncommitted);
      known.add(connection);
      return connection;
    };
    driver.beginTransaction = async (connection, { isolationLevel = "read committed" }) => {
      const begin = `begin isolation level ${isolationLevel};${this.#limits}`;
      uncommitted.add(connection);
      try {
        await connection.executeQuery(CompiledQuery.raw(begin));
      } catch (error) {
        uncommitted.delete(connection);
        throw error;
      }
    };
    driver.commitTransaction = (connection) => {
      uncommitted.delete(connection);
      return commit(connection);
    };
    driver.rollbackTransaction = (connection) => {
      uncommitted.delete(connection);
      // A lost connection is rolled back already. Kysely would throw this error instead of the original one.
      return rollback(connection).catch((error: unknown) => {
        if (!isConnectionLost(error)) throw error;
      });
    };
    return driver;
  }
}

/**
 * Makes the connection's queries throw `DatabaseUnreachable` when they failed without effect. The effect of a
 * commit, or of a write outside a transaction, is unknown: those keep the error of `isConnectionLost`.
 */
function reportUnexecuted(
  connection: DatabaseConnection,
  uncommitted: WeakSet<DatabaseConnection>,
): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async <Row>(compiled: CompiledQuery) => {
    // Read now, because the transaction may be over when its query fails.
    const isUncommitted = uncommitted.has(connection);
    try {
      return await execute<Row>(compiled);
    } catch (cause) {
      const { query, sql } = compiled;
      // A `with` may write, and so do graphile-worker's functions.
      const isRead =
        query.kind === "SelectQueryNode" && !query.with && !sql.includes("graphile_worker.");
      const isUndone = isReadOnly(cause) || (isConnectionLost(cause) && (isUncommitted || isRead));
      if (!isUndone) throw cause;
      throw new DatabaseUnreachable((cause as Error).message, { cause });
    }
  };
}

/** A pool or an open transaction. Every query function takes one. */
export type Db = Kysely<Database>;
