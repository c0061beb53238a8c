import { prepareDatabase } from "../prepare-database.ts";

/** `npm run db:migrate`: brings the database up to date. */
const url = process.env.DATABASE_DIRECT_URL || process.env.DATABASE_URL;
if (!url) {
  process.stderr.write("Set DATABASE_URL to the database to migrate.\n");
  process.exitCode = 1;
} else {
  await prepareDatabase(url);
  process.stdout.write("The database is up to date.\n");
}
