import { requestDueSyncs } from "../../db/item-syncs.ts";
import { dropSupersededJobs } from "../../db/jobs.ts";
import { dropOldLogIns } from "../../db/log-ins.ts";
import { dropExpiredMailLinks } from "../../db/mail-links.ts";
import { dropOldMails } from "../../db/mails.ts";
import { deleteExpiredChallenges } from "../../db/passkey-challenges.ts";
import { deleteExpiredPendingLogIns } from "../../db/pending-log-ins.ts";
import { dropOldRefusedTokens } from "../../db/refused-tokens.ts";
import { dropOldSecurityEvents } from "../../db/security-events.ts";
import { deleteExpiredSessions } from "../../db/sessions.ts";
import { dropUnconfirmedUsers } from "../../db/sign-ups.ts";
import { dropOldRemovals } from "../../db/transaction-changes.ts";
import { dropOldDeliveries } from "../../db/webhook-deliveries.ts";
import { dropOldWebhooks } from "../../db/webhooks.ts";
import { remind } from "../mail/remind.ts";
import type { Services } from "../services.ts";
import { retention } from "./retention.ts";

/** Syncs requested each minute: three fifths of Plaid's rate limit for a client id. */
const atOnce = 1_500;

/** Requests a sync of every Item without one for hours, and deletes old data. Returns how many. */
export async function sweep({
  db,
  log,
  limits,
}: Pick<Services, "db" | "log" | "limits">): Promise<number> {
  const requested = await requestDueSyncs(db, atOnce, limits.syncSweep);
  await dropSupersededJobs(db);
  await dropOldWebhooks(db, retention.webhooks);
  await dropOldDeliveries(db, retention.webhookDeliveries);
  await dropOldLogIns(db, retention.logIns);
  await dropOldRefusedTokens(db);
  await dropOldSecurityEvents(db, retention.securityEvents);
  await dropExpiredMailLinks(db, retention.mailLinks);
  await deleteExpiredSessions(db);
  await deleteExpiredPendingLogIns(db);
  await deleteExpiredChallenges(db);
  await dropOldRemovals(db, retention.removedTransactions);
  await dropOldMails(db, retention.mails);
  await dropUnconfirmedUsers(db, retention.unconfirmedUsers);
  await remind({ db, limits });
  if (requested > 0) log.info({ event: "sweep", requested }, "Syncs requested");
  return requested;
}
