import { openConnection } from "./client.ts";

/**
 * Sets the time limits of the role of `url` for statements outside a transaction, in this database. They
 * apply to every new connection, also through PgBouncer, which passes on no startup options. Any role may do
 * this for itself. Changes nothing when they are set already; several nodes may run it at once.
 *
 * @param ms how long PostgreSQL may take to connect, and be silent while it runs a statement
 */
export async function limitStatements(
  url: string,
  limits: { statementTimeoutMs: number; lockTimeoutMs: number },
  ms: number,
): Promise<void> {
  const client = await openConnection(url, ms);
  try {
    const wanted = [
      `statement_timeout=${limits.statementTimeoutMs}`,
      `lock_timeout=${limits.lockTimeoutMs}`,
    ];
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtextextended('limit statements', 0))");
    const { rows } = await client.query(
      `select quote_ident(current_user) as role, quote_ident(current_database()) as database,
        array(select unnest(setconfig) from pg_db_role_setting
          where setrole = current_user::regrole
            and setdatabase = (select oid from pg_database where datname = current_database())) as held`,
    );
    const [{ role, database, held }] = rows;
    for (const setting of wanted) {
      if (held.includes(setting)) continue;
      await client.query(`alter role ${role} in database ${database} set ${setting}`);
    }
    await client.query("commit");
  } finally {
    await client.end().catch(() => {});
  }
}
