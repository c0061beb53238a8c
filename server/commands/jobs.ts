import { createDb } from "../../db/client.ts";
import { listJobs } from "../../db/jobs.ts";
import { timeLimits } from "../time-limits.ts";

/**
 * `npm run jobs`: the jobs that have not ended well yet, in the database of DATABASE_URL. A failing
 * one is tried again at its time; a dead one is not (a sync begins anew with the next sweep).
 */
async function main(url: string | undefined): Promise<string> {
  if (!url) throw new Error("Set DATABASE_URL to the database (npm start prints the local one).");
  const db = createDb({
    url,
    max: 1,
    statementTimeoutMs: timeLimits.statement,
    connectTimeoutMs: timeLimits.databaseConnect,
    idleInTransactionTimeoutMs: timeLimits.statement,
    lockTimeoutMs: timeLimits.lock,
    onIdleError: () => {},
  });
  try {
    const jobs = await listJobs(db);
    if (jobs.length === 0) return "No job waits, and none has failed.";
    const lines = jobs.map(({ id, task, key, state, attempts, maxAttempts, runAt, lastError }) =>
      [
        state.padEnd(7),
        `${id} ${task}`,
        ...(key ? [key] : []),
        `tried ${attempts} of ${maxAttempts}`,
        ...(state === "waiting" || state === "failing" ? [`due ${runAt.toISOString()}`] : []),
        ...(lastError ? [lastError.split("\n")[0]] : []),
      ].join("  "),
    );
    return lines.join("\n");
  } finally {
    await db.destroy();
  }
}

main(process.env.DATABASE_URL).then(
  (lines) => process.stdout.write(`${lines}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
