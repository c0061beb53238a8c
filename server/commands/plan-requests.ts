import { listOpenPlanRequests } from "../../db/plan-requests.ts";
import { runCommand, withDatabase } from "./command.ts";

/** `npm run plan-requests`: lists the open requests for a larger plan, in the database of DATABASE_URL. */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  return withDatabase(env, async (db) => {
    const requests = await listOpenPlanRequests(db);
    if (requests.length === 0) return "No request is open.";
    const lines = requests.map(
      ({ email, from, plan, note, at }) =>
        `${at.toISOString().slice(0, 10)}  ${email}  ${from} -> ${plan}${note ? `  “${note.replace(/\s+/g, " ")}”` : ""}`,
    );
    return [...lines, "", "Answer with: npm run plan -- <email> <plan>"].join("\n");
  });
}

runCommand(main(process.env));
