import { type Kysely, sql } from "kysely";

/**
 * Runs each of `steps` in its own transaction. A transaction that locks one table and waits for a second can
 * deadlock with a connection that has locked the second and waits for the first. Each step waits for its lock
 * no longer than a migration does (`lockTimeout` in db/migrate.ts), and must be repeatable: when one times
 * out, the migration is retried from its first step.
 */
export async function oneTableAtATime(db: Kysely<unknown>, steps: string[]): Promise<void> {
  for (const step of steps) {
    await db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = '300ms'`.execute(tx);
      await sql.raw(step).execute(tx);
    });
  }
}
