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
  /** Connections held at most. */
  max: number;
  /** A statement of a transaction running longer is cancelled by PostgreSQL. Milliseconds. */
  statementTimeoutMs: number;
  /** Waiting longer for a connection (new or pooled) fails. Milliseconds. */
  connectTimeoutMs: number;
  /** A transaction idle longer is ended by PostgreSQL: its process is gone or stuck. Milliseconds. */
  idleInTransactionTimeoutMs: number;
  /** Waiting longer for a row lock in a transaction fails. Milliseconds. */
  lockTimeoutMs: number;
  /** PostgreSQL may say nothing for this long past the longest of these limits. Milliseconds. */
  answerTimeoutMs: number;
  /** Told of idle connections that PostgreSQL closed; the pool replaces them by itself. */
  onIdleError: (error: Error) => void;
  /** Told of every query as it ends: its text, in which `$1` stands for each value, and milliseconds. */
  onQuery?: ((sql: string, ms: number) => void) | undefined;
}

/**
 * A pool of connections behind Kysely. `numeric` and `bigint` are read as strings (pg's default).
 *
 * Nothing is said to the connection that outlives a transaction, so it may be PgBouncer's in
 * transaction mode. Each transaction says its own time limits; statements outside of one have those
 * of the role: `limitStatements`.
 */
export function createDb(options: DbOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    application_name: "fiscility",
  });
  pool.on("error", options.onIdleError);
  // One that PostgreSQL ends while the pool is closing has no listener but this.
  pool.on("connect", (client) => {
    client.on("error", () => {});
    giveUpSilent(client, options);
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

/**
 * PostgreSQL itself ends what takes too long, and says so. One that says nothing for longer is gone, its
 * machine or the way there: the query fails with "PostgreSQL does not answer", the limits' longest and
 * `answerTimeoutMs` after the last byte, and the pool drops the connection.
 */
function giveUpSilent(
  client: pg.PoolClient,
  limits: TransactionLimits & Pick<DbOptions, "answerTimeoutMs">,
): void {
  const longest = Math.max(
    limits.statementTimeoutMs,
    limits.lockTimeoutMs,
    limits.idleInTransactionTimeoutMs,
  );
  // The types know of neither; pg-pool ends those that do not come about in the same way.
  const inside = client as unknown as { connection: { stream: Socket }; readyForQuery: boolean };
  const { stream } = inside.connection;
  stream.setTimeout(longest + limits.answerTimeoutMs).on("timeout", () => {
    if (!inside.readyForQuery) stream.destroy(new Error("PostgreSQL does not answer"));
  });
}

/**
 * PostgreSQL did not do it, so it may be tried again: there is no connection to be had, as it is away or
 * all of the pool's are in use; the connection was lost before the commit was sent; or a standby, which
 * is not promoted yet, refused a write.
 */
export class DatabaseUnreachable extends Error {
  override readonly name = "DatabaseUnreachable";
}

/**
 * Another transaction kept a row for longer than this one waits for a lock, or waited for this one in turn:
 * PostgreSQL rolled it back, so it may be tried again.
 */
export function isHeldUp(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ["55P03", "40P01"].includes(error.code ?? "");
}

/**
 * The connection was lost while a statement ran: whether it took effect is not known. An administrator or a
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
    /^(Connection terminated|PostgreSQL does not answer|Client (was closed|has encountered a connection error))/.test(
      error.message,
    )
  );
}

/** A standby, or a primary that is set so, refused to write. Nothing was done. */
const isReadOnly = (error: unknown) => error instanceof pg.DatabaseError && error.code === "25006";

/** How a pool is used: connections open, those of them that are idle, and who waits for one. */
export interface PoolUse {
  open: number;
  idle: number;
  waiting: number;
}

const pools = new WeakMap<Db, pg.Pool>();

/** How the pool behind `db`, which `createDb` made, is used now. */
export function poolUse(db: Db): PoolUse {
  const pool = pools.get(db);
  if (!pool) throw new Error("only what createDb made has a pool");
  return { open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

type TransactionLimits = Pick<
  DbOptions,
  "statementTimeoutMs" | "idleInTransactionTimeoutMs" | "lockTimeoutMs"
>;

/** Begins every transaction with its time limits, in the same round trip. */
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
    /** Connections in a transaction whose commit was not sent: losing one rolls it back. */
    const uncommitted = new WeakSet<DatabaseConnection>();
    driver.acquireConnection = async () => {
      const connection = await acquire().catch((cause: Error) => {
        throw new DatabaseUnreachable(cause.message, { cause });
      });
      if (!known.has(connection)) tellUndone(connection, uncommitted);
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
      // A lost connection is rolled back already. Kysely would throw this in place of what caused it.
      return rollback(connection).catch((error: unknown) => {
        if (!isConnectionLost(error)) throw error;
      });
    };
    return driver;
  }
}

/**
 * Queries of the connection that fail without effect fail with `DatabaseUnreachable`. Of a commit, and of a
 * write outside a transaction, the effect is not known: they keep the error of `isConnectionLost`.
 */
function tellUndone(
  connection: DatabaseConnection,
  uncommitted: WeakSet<DatabaseConnection>,
): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async <Row>(compiled: CompiledQuery) => {
    // The transaction may be over by the time that its query fails.
    const isUncommitted = uncommitted.has(connection);
    try {
      return await execute<Row>(compiled);
    } catch (cause) {
      const { query, sql } = compiled;
      // A `with` may write, and graphile-worker's functions do.
      const isRead =
        query.kind === "SelectQueryNode" && !query.with && !sql.includes("graphile_worker.");
      const isUndone = isReadOnly(cause) || (isConnectionLost(cause) && (isUncommitted || isRead));
      if (!isUndone) throw cause;
      throw new DatabaseUnreachable((cause as Error).message, { cause });
    }
  };
}

/** A pool or an open transaction of it: what every query takes. */
export type Db = Kysely<Database>;
