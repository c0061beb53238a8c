import pg from "pg";
import { onTestFinished } from "vitest";
import type { TestApp } from "./app.ts";

/** Faults in the app's database, for as long as a test needs them. All end with the test that caused them. */
type App = Pick<TestApp, "query" | "env">;

/** Returns a function that ends a fault once. It also runs when the test finishes, whether or not it failed. */
function releaseOnce(release: () => Promise<unknown>): () => Promise<void> {
  let released: Promise<unknown> | undefined;
  const once = async () => {
    released ??= release();
    await released;
  };
  onTestFinished(once);
  return once;
}

/** Runs SQL in its own transaction and keeps it open. The result ends it. */
async function hold({ env }: App, sql: string, values?: unknown[]): Promise<() => Promise<void>> {
  const client = new pg.Client(env.DATABASE_DIRECT_URL);
  client.on("error", () => {});
  await client.connect();
  const release = releaseOnce(() => client.end());
  await client.query("begin");
  await client.query(sql, values);
  return release;
}

/** Holds the user's lock, which every change of their banks needs. Returns a function that releases it. */
export const lockUser = (app: App, { id }: { id: string }) =>
  hold(app, "select 1 from users where id = $1 for no key update", [id]);

/** Blocks reads and writes of a table. Returns a function that releases it. */
export const lockTable = (app: App, table: string) =>
  hold(app, `lock table ${table} in access exclusive mode`);

/** Renames a table, so that every query of it fails. Returns a function that restores it. */
export async function hideTable(app: App, table: string): Promise<() => Promise<void>> {
  await app.query(`alter table ${table} rename to hidden`);
  return releaseOnce(() => app.query(`alter table hidden rename to ${table}`));
}

/**
 * Makes writes fail with "refused". Returns a function that allows them again. `event` is a trigger's, as in
 * "before insert on items"; "at commit" fails a transaction that inserted an Item when it commits.
 * `condition` is SQL about the `new` row.
 */
export async function refuseWrites(
  app: App,
  event: string,
  condition = "true",
): Promise<() => Promise<void>> {
  const trigger =
    event === "at commit"
      ? "constraint trigger refuse after insert on items deferrable initially deferred"
      : `trigger refuse ${event}`;
  await app.query(`create or replace function refuse() returns trigger language plpgsql as
    $$ begin if ${condition} then raise 'refused'; end if; return new; end $$`);
  const release = releaseOnce(() => app.query("drop function refuse cascade"));
  await app.query(`create ${trigger} for each row execute function refuse()`);
  return release;
}

/** Ends the connections to the database that match the SQL `condition` on `pg_stat_activity`. */
export const endConnections = ({ query }: Pick<TestApp, "query">, condition: string) =>
  query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
  );
