import {
  findItemByPlaidId,
  type ItemOfUser,
  type ItemState,
  revokeAccount,
} from "../../db/items.ts";
import { requestSync } from "../../db/jobs.ts";
import { findWebhook, markWebhook, unclaimed, type WebhookRow } from "../../db/webhooks.ts";
import { changeItem, checkItem } from "../items/check-item.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { webhookDetails } from "./receive-webhook.ts";

/**
 * Processes a stored webhook. A webhook is a hint: the current state is read from Plaid where possible, and webhooks
 * from before the Item was last known to be good are ignored. So duplicates and wrong order do no harm.
 *
 * @throws FiscilityError as Plaid's calls, after which the job is retried
 */
export async function processWebhook(services: Services, id: string, log: Log): Promise<void> {
  const { db } = services;
  const webhook = await findWebhook(db, id);
  // An earlier run of this job has finished.
  if (!webhook || (webhook.outcome !== null && webhook.outcome !== unclaimed)) return;
  const { type, code, plaid_item_id: plaidItemId } = webhook;
  const find = async () => (plaidItemId === null ? null : findItemByPlaidId(db, plaidItemId));
  let item = await find();
  if (!item) {
    // The Item's first sync processes it again. A sync that began before this mark was stored misses it, but
    // then its Item is committed: look once more.
    await markWebhook(db, id, unclaimed);
    item = await find();
  }
  const outcome = item ? await act(services, webhook, item, log) : unclaimed;
  if (item) await markWebhook(db, id, outcome);
  log.info({ event: "webhook_handled", type, code, plaidItemId, outcome }, "Webhook handled");
}

/** Returns the outcome, for the log and the table. */
async function act(
  services: Services,
  webhook: WebhookRow,
  item: ItemOfUser,
  log: Log,
): Promise<string> {
  const { db } = services;
  const { accountId, expiresAt } = webhookDetails.parse(webhook.details);
  // `iat` has whole seconds.
  const isSignedAfter = (at: Date) => webhook.signed_at.getTime() + 1000 > at.getTime();
  // The user has logged in at the bank and chosen their accounts since. Before its first change an Item is as
  // Link created it, which was before any webhook.
  const isPast = ({ status, statusAt, isUntouched }: ItemState) =>
    status === "good" && !isUntouched && !isSignedAfter(statusAt);
  switch (`${webhook.type} ${webhook.code}`) {
    case "TRANSACTIONS SYNC_UPDATES_AVAILABLE":
    // Balances have changed.
    case "HOLDINGS DEFAULT_UPDATE":
    case "LIABILITIES DEFAULT_UPDATE":
      await requestSync(db, item.userId, item.itemId);
      return "sync asked for";

    case "ITEM ERROR":
    case "ITEM USER_PERMISSION_REVOKED":
    case "ITEM LOGIN_REPAIRED": {
      const status = await checkItem(services, item, log);
      if (status === "good") await requestSync(db, item.userId, item.itemId);
      return `asked Plaid: ${status ?? "gone"}`;
    }

    case "ITEM PENDING_EXPIRATION":
    case "ITEM PENDING_DISCONNECT":
      return changeItem(services, item, log, (now) =>
        now.status === "good" && !isPast(now)
          ? { status: "expiring", expiresAt: dateOf(expiresAt), kind: "expiring" }
          : null,
      );

    case "ITEM NEW_ACCOUNTS_AVAILABLE":
      return changeItem(services, item, log, (now) =>
        now.newAccounts || isPast(now) ? null : { newAccounts: true, kind: "new_accounts" },
      );

    case "ITEM USER_ACCOUNT_REVOKED":
      return changeItem(services, item, log, async (now, tx) =>
        accountId !== null &&
        !isPast(now) &&
        (await revokeAccount(tx, item.userId, item.itemId, accountId))
          ? { kind: "account_revoked" }
          : null,
      );

    case "ITEM WEBHOOK_UPDATE_ACKNOWLEDGED":
      return "acknowledged";

    default:
      return "passed over";
  }
}

const dateOf = (text: string | null) => (text === null ? null : new Date(text));
