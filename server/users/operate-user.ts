import { revokeAllApiKeys } from "../../db/api-keys.ts";
import type { Db } from "../../db/client.ts";
import { disableUser, enableUser } from "../../db/disabled-users.ts";
import { queueMail } from "../../db/mails.ts";
import { endPendingLogIns } from "../../db/pending-log-ins.ts";
import { recordSecurityEvent } from "../../db/security-events.ts";
import { deleteAllSessions } from "../../db/sessions.ts";
import { lockUser } from "../../db/users.ts";
import { resetFactors } from "../auth/second-factor/factors.ts";
import type { MailDetails } from "../contracts/mail.ts";
import type { SecurityEventKind } from "../contracts/security-events.ts";

/** An action of an operator on a user. */
export type OperatorCommand = "disable" | "enable" | "end-sessions" | "reset-factor";

interface Act {
  event: SecurityEventKind;
  /** The mail that notifies the user. */
  mail:
    | { kind: "operator_acted"; details: MailDetails["operator_acted"] }
    | { kind: "factor_changed"; details: MailDetails["factor_changed"] };
  /** Returns why there is nothing to do, or null. */
  perform: (tx: Db, userId: string) => Promise<string | null>;
  /** The message for the operator. */
  done: string;
}

/** Ends sessions and pending log-ins. A stream ends with the session or key that opened it. */
async function endEverything(tx: Db, userId: string): Promise<void> {
  await deleteAllSessions(tx, userId);
  await endPendingLogIns(tx, userId);
}

const acts: Record<OperatorCommand, Act> = {
  disable: {
    event: "operator_disabled",
    mail: { kind: "operator_acted", details: { act: "disabled" } },
    async perform(tx, userId) {
      if (!(await disableUser(tx, userId))) return "is disabled already";
      await endEverything(tx, userId);
      await revokeAllApiKeys(tx, userId, new Date());
      return null;
    },
    done: "is disabled: logged out everywhere, API keys revoked, syncs stopped. Their data is kept.",
  },
  enable: {
    event: "operator_enabled",
    mail: { kind: "operator_acted", details: { act: "enabled" } },
    perform: async (tx, userId) => ((await enableUser(tx, userId)) ? null : "is not disabled"),
    done: "may log in again. Their banks are synced within a minute; API keys stay revoked.",
  },
  "end-sessions": {
    event: "operator_ended_sessions",
    mail: { kind: "operator_acted", details: { act: "ended_sessions" } },
    async perform(tx, userId) {
      await endEverything(tx, userId);
      return null;
    },
    done: "is logged out everywhere.",
  },
  "reset-factor": {
    event: "operator_reset_factor",
    mail: { kind: "factor_changed", details: { change: "reset_by_operator" } },
    perform: async (tx, userId) =>
      (await resetFactors(tx, userId)) ? null : "has no second factor",
    done: "has no second factor any more: their password alone logs them in.",
  },
};

/**
 * Performs an operator's action, and adds its event and mail, in one transaction under the user's lock.
 * `reason` is stored with the event, which the user sees. Returns the message for the operator.
 */
export async function operateUser(
  db: Db,
  user: { id: string; email: string },
  command: OperatorCommand,
  reason: string,
): Promise<string> {
  const { event, mail, perform, done } = acts[command];
  const nothing = await db.transaction().execute(async (tx) => {
    await lockUser(tx, user.id);
    const why = await perform(tx, user.id);
    if (why !== null) return why;
    await recordSecurityEvent(tx, { userId: user.id, kind: event, details: { reason } });
    await queueMail(tx, { userId: user.id, ...mail });
    return null;
  });
  return nothing === null
    ? `${user.email} ${done}`
    : `${user.email} ${nothing}. Nothing was changed.`;
}
