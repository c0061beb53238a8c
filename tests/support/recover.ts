import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import type { TestApp } from "./app.ts";
import { makeAttemptsDue } from "./rows.ts";

/** Runs the recovery as if the time had come to take up every attempt that nobody works on. */
export async function recover(app: Pick<TestApp, "query" | "services">): Promise<void> {
  await makeAttemptsDue(app);
  await recoverAttempts(app.services, app.services.log);
}
