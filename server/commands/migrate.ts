import { grantAppRole } from "../../db/app-role.ts";
import { limitStatements } from "../../db/limit-statements.ts";
import { mayMigrate } from "../../db/migrate.ts";
import { requireSafeDatabase } from "../config.ts";
import { migrateDatabase, statementLimits } from "../prepare-database.ts";
import { timeLimits } from "../time-limits.ts";
import { runCommand } from "./command.ts";

/**
 * `npm run db:migrate`: migrates the database. With DATABASE_OWNER_URL it runs as that role, and grants the
 * role of DATABASE_URL, which the servers and the worker use, the rows of its tables and no DDL.
 */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  const url = env.DATABASE_DIRECT_URL || env.DATABASE_URL;
  if (!url) throw new Error("Set DATABASE_URL to the database to migrate.");
  requireSafeDatabase(env);
  const owner = env.DATABASE_OWNER_URL || url;
  if (!(await mayMigrate(owner, timeLimits.databaseSetUp)))
    throw new Error("This role may not migrate: set DATABASE_OWNER_URL to the one that may.");
  await migrateDatabase(owner, timeLimits.databaseSetUp);
  if (owner !== url) await grantAppRole(owner, url, timeLimits.databaseSetUp);
  await limitStatements(url, statementLimits, timeLimits.databaseSetUp);
  return "The database is up to date.";
}

runCommand(main(process.env));
