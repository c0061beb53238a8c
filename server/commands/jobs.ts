import { listJobs } from "../../db/jobs.ts";
import { runCommand, withDatabase } from "./command.ts";

/**
 * `npm run jobs`: lists the jobs that have not succeeded yet, in the database of DATABASE_URL. A failing job
 * is retried at its time. A dead one is not, but the next sweep starts a new sync.
 */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  return withDatabase(env, async (db) => {
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
  });
}

runCommand(main(process.env));
