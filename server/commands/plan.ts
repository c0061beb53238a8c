import { createDb } from "../../db/client.ts";
import { listPlanIds, setPlan } from "../../db/plans.ts";
import { timeLimits } from "../time-limits.ts";

/** `npm run plan -- <email> <plan>`: moves a person to a plan, in the database of DATABASE_URL. */
async function main([email, plan]: string[], url: string | undefined): Promise<string> {
  if (!email || !plan) throw new Error("Usage: npm run plan -- <email> <plan>");
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
    const plans = await listPlanIds(db);
    if (!plans.includes(plan))
      throw new Error(`There is no plan ${plan}. Plans: ${plans.join(", ")}`);
    if (!(await setPlan(db, email, plan))) throw new Error(`Nobody has the email ${email}.`);
    return `${email} is now on ${plan}.`;
  } finally {
    await db.destroy();
  }
}

main(process.argv.slice(2), process.env.DATABASE_URL).then(
  (line) => process.stdout.write(`${line}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
