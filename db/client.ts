import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

export interface DbOptions {
  url: string;
  /** Connections held at most. */
  max: number;
  /** A statement running longer is cancelled by PostgreSQL. Milliseconds. */
  statementTimeoutMs: number;
  /** Waiting longer for a connection (new or pooled) fails. Milliseconds. */
  connectTimeoutMs: number;
  /** A transaction idle longer is ended by PostgreSQL: its process is gone or stuck. Milliseconds. */
  idleInTransactionTimeoutMs: number;
  /** Waiting longer for a row lock fails. Milliseconds. */
  lockTimeoutMs: number;
  /** Told of idle connections that PostgreSQL closed; the pool replaces them by itself. */
  onIdleError: (error: Error) => void;
}

/** A pool of connections behind Kysely. `numeric` and `bigint` are read as strings (pg's default). */
export function createDb(options: DbOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    application_name: "fiscility",
  });
  pool.on("error", options.onIdleError);
  // One that PostgreSQL ends while the pool is closing has no listener but this.
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** A pool or an open transaction of it: what every query takes. */
export type Db = Kysely<Database>;
