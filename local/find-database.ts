import path from "node:path";
import { runningDatabase } from "./running-database.ts";

/**
 * Loaded before a command by its npm script: without `DATABASE_URL` the command works on the database that
 * `npm start` runs. Never in production, where a missing variable must not pick a database.
 */
if (!process.env.DATABASE_URL && process.env.NODE_ENV !== "production") {
  const url = runningDatabase(path.resolve(".local"));
  if (url) process.env.DATABASE_URL = url;
}
