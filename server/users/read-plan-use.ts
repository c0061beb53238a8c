import { getPlanUse } from "../../db/plans.ts";
import { type PlanOutput, planOutput } from "../contracts/plan.ts";
import type { Services } from "../services.ts";

const planResponse = { name: "plan", schema: planOutput };

/**
 * Returns the user's plan, how much of it is used, and every plan, through the cache (I5): another plan and
 * other accounts both raise the data version. The limit itself is always checked in PostgreSQL (I3).
 */
export async function readPlanUse(
  { cache, db }: Pick<Services, "cache" | "db">,
  user: { id: string; dataVersion: number },
): Promise<PlanOutput> {
  return cache.read(user.id, planResponse, user.dataVersion, () => getPlanUse(db, user.id));
}
