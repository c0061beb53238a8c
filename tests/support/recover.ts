import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import type { TestApp } from "./app.ts";
import { makeAttemptsDue } from "./rows.ts";

/** Runs the recovery as if every attempt without a process were due. */
export async function recover(app: Pick<TestApp, "query" | "services">): Promise<void> {
  await makeAttemptsDue(app);
  await recoverAttempts(app.services, app.services.log);
}
