import path from "node:path";
import { generatedSecrets } from "./generated-secrets.ts";
import { runningDatabase } from "./running-database.ts";

/**
 * Loaded before a command by its npm script. Without `DATABASE_URL` the command uses the database that `npm
 * start` runs, and its keys. Never in production, where a missing variable must not select a database.
 */
if (!process.env.DATABASE_URL && process.env.NODE_ENV !== "production") {
  const folder = path.resolve(".local");
  const url = runningDatabase(folder);
  if (url) {
    process.env.DATABASE_URL = url;
    process.env.TOKEN_KEYS ??= generatedSecrets(folder).tokenKeys;
  }
}
