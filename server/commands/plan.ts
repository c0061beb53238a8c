import { listPlanIds, setPlan } from "../../db/plans.ts";
import { runCommand, withDatabase } from "./command.ts";

/** `npm run plan -- <email> <plan>`: moves a user to a plan, in the database of DATABASE_URL. */
async function main([email, plan]: string[], env: NodeJS.ProcessEnv): Promise<string> {
  if (!email || !plan) throw new Error("Usage: npm run plan -- <email> <plan>");
  return withDatabase(env, async (db) => {
    const plans = await listPlanIds(db);
    if (!plans.includes(plan))
      throw new Error(`There is no plan ${plan}. Plans: ${plans.join(", ")}`);
    if (!(await setPlan(db, email, plan))) throw new Error(`No user has the email ${email}.`);
    return `${email} is now on ${plan}.`;
  });
}

runCommand(main(process.argv.slice(2), process.env));
