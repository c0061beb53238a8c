import type { Db } from "../../../db/client.ts";
import { queueMail } from "../../../db/mails.ts";
import { type Origin, recordSecurityEvent } from "../../../db/security-events.ts";
import type { FactorChange } from "../../contracts/mail.ts";

/** Records a change of a user's factors and queues the mail about it, in the transaction of the change. */
export async function noteFactorChange(
  tx: Db,
  {
    userId,
    change,
    name,
    origin,
  }: {
    userId: string;
    change: Exclude<FactorChange, "reset_by_operator">;
    /** The passkey's name. */
    name?: string;
    origin: Origin | null;
  },
): Promise<void> {
  await recordSecurityEvent(tx, { userId, kind: change, details: name ? { name } : {}, origin });
  await queueMail(tx, { userId, kind: "factor_changed", details: { change } });
}
