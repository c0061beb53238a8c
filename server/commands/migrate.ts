import { migrateToLatest } from "../../db/migrate.ts";
import { migrateJobs } from "../jobs/migrate-jobs.ts";

/** `npm run db:migrate`: brings the database of DATABASE_URL up to date. */
const url = process.env.DATABASE_URL;
if (!url) {
  process.stderr.write("Set DATABASE_URL to the database to migrate.\n");
  process.exitCode = 1;
} else {
  await migrateToLatest(url);
  await migrateJobs(url);
  process.stdout.write("The database is up to date.\n");
}
