import { type Kysely, sql } from "kysely";

/**
 * Runs each of `steps` in a transaction of its own. A transaction that locks one table, and waits for a
 * second one, can end in a deadlock with a connection that has the second and waits for the first. Each step
 * waits for its lock no longer than a migration does by itself (`lockTimeout` in db/migrate.ts), and may be
 * repeated: when one cannot get it, the migration is tried again from its first.
 */
export async function oneTableAtATime(db: Kysely<unknown>, steps: string[]): Promise<void> {
  for (const step of steps) {
    await db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '300ms'`.execute(tx);
      await sql.raw(step).execute(tx);
    });
  }
}
