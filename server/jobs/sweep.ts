import { requestDueSyncs } from "../../db/item-syncs.ts";
import { dropSupersededJobs } from "../../db/jobs.ts";
import { dropOldLogIns } from "../../db/log-ins.ts";
import { dropOldRefusedTokens } from "../../db/refused-tokens.ts";
import { deleteExpiredSessions } from "../../db/sessions.ts";
import { dropOldWebhooks } from "../../db/webhooks.ts";
import type { Services } from "../services.ts";

/** Items asked for at once, each minute: well within what Plaid allows. */
const atOnce = 500;

/** Webhooks are kept for so long, to look into what went wrong. */
const webhookDays = 30;

/** Log-ins are shown to their person for so long. */
const logInDays = 90;

/** Asks for a sync of every Item not heard of for hours, and tidies up. Returns how many. */
export async function sweep({
  db,
  log,
  limits,
}: Pick<Services, "db" | "log" | "limits">): Promise<number> {
  const requested = await requestDueSyncs(db, atOnce, limits.syncSweep);
  await dropSupersededJobs(db);
  await dropOldWebhooks(db, webhookDays);
  await dropOldLogIns(db, logInDays);
  await dropOldRefusedTokens(db);
  await deleteExpiredSessions(db);
  if (requested > 0) log.info({ event: "sweep", requested }, "Syncs asked for");
  return requested;
}
