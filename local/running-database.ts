import { readFileSync } from "node:fs";
import path from "node:path";
import { isAlive, readPid } from "./folder-lock.ts";
import { generatedSecrets } from "./generated-secrets.ts";

/**
 * Returns the URL of the database that `npm start` runs from `folder`; null while it does not run.
 * @see https://www.postgresql.org/docs/current/storage-file-layout.html postmaster.pid: its port is line four
 */
export function runningDatabase(folder: string): string | null {
  const file = path.join(folder, "postgres/postmaster.pid");
  const pid = readPid(file);
  if (pid === null || !isAlive(pid)) return null;
  const port = Number(readFileSync(file, "utf8").split("\n")[3]);
  const { databasePassword } = generatedSecrets(folder);
  return `postgresql://fiscility:${databasePassword}@127.0.0.1:${port}/fiscility`;
}
