import { requestDueSyncs } from "../../db/item-syncs.ts";
import { dropSupersededJobs } from "../../db/jobs.ts";
import { dropOldLogIns } from "../../db/log-ins.ts";
import { dropOldMails } from "../../db/mails.ts";
import { dropOldRefusedTokens } from "../../db/refused-tokens.ts";
import { deleteExpiredSessions } from "../../db/sessions.ts";
import { dropUnconfirmedUsers } from "../../db/sign-ups.ts";
import { dropOldWebhooks } from "../../db/webhooks.ts";
import { remind } from "../mail/remind.ts";
import type { Services } from "../services.ts";

/** Items asked for at once, each minute: well within what Plaid allows. */
const atOnce = 500;

/** Webhooks are kept for so long, to look into what went wrong. */
const webhookDays = 30;

/** Log-ins are shown to their person for so long. */
const logInDays = 90;

/** Mails are kept for so long, to look into what went wrong. */
const mailDays = 30;

/** Users who claim an address are kept for so long. */
const unconfirmedDays = 7;

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
  await dropOldMails(db, mailDays);
  await dropUnconfirmedUsers(db, unconfirmedDays);
  await remind({ db, limits });
  if (requested > 0) log.info({ event: "sweep", requested }, "Syncs asked for");
  return requested;
}
