import { listPlanRequests, requestPlan as store } from "../../db/plan-requests.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { RequestPlanInput, RequestPlanOutput } from "../contracts/plan.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Requests a larger plan from the operator: `npm run plan-requests` lists it, `npm run plan` closes it.
 *
 * @throws FiscilityError `not_found` when the plan does not exist or is not larger
 */
export async function requestPlan(
  { db, config }: Pick<Services, "db" | "config">,
  user: { id: string; email: string },
  { plan, note }: RequestPlanInput,
  log: Log,
): Promise<RequestPlanOutput> {
  const wanted = { plan, note: note || null };
  if (!(await store(db, user, wanted, config.mail.operator))) throw new FiscilityError("not_found");
  log.info({ event: "plan_requested", userId: user.id, plan }, "Larger plan requested");
  const [request] = await listPlanRequests(db, user.id);
  if (!request) throw new FiscilityError("not_found");
  return { request };
}
