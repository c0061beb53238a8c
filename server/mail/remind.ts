import type { Db } from "../../db/client.ts";
import { queueMail } from "../../db/mails.ts";
import { markBanksInNeed, markEndingConnections } from "../../db/reminders.ts";
import type { TimeLimits } from "../time-limits.ts";

/** Banks of each pass, every minute. */
const atOnce = 200;

/**
 * Queues mail about banks that need their user, at once and then weekly, and about connections that end
 * within a week, once each. The mark and the mail are in one transaction, so none is lost and none is sent
 * twice.
 */
export async function remind({
  db,
  limits,
}: {
  db: Db;
  limits: Pick<TimeLimits, "bankReminder" | "endAnnounced">;
}): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const { userId, bank } of await markBanksInNeed(tx, limits.bankReminder, atOnce))
      await queueMail(tx, { userId, kind: "bank_needs_you", details: { bank } });
    for (const { userId, bank, endsAt } of await markEndingConnections(
      tx,
      limits.endAnnounced,
      atOnce,
    ))
      await queueMail(tx, {
        userId,
        kind: "connection_ends_soon",
        details: { bank, endsAt: endsAt.toISOString() },
      });
  });
}
