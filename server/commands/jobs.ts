import { listJobs } from "../../db/jobs.ts";
import { answer, withDatabase } from "./command.ts";

/**
 * `npm run jobs`: the jobs that have not ended well yet, in the database of DATABASE_URL. A failing
 * one is tried again at its time; a dead one is not (a sync begins anew with the next sweep).
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

answer(main(process.env));
