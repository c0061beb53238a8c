import { type Insertable, type RawBuilder, sql } from "kysely";
import snakecaseKeys from "snakecase-keys";
import type { WebhookChange } from "../server/contracts/webhook-event-types.ts";
import { addJobs, sendWebhooksJob } from "./jobs.ts";
import type { AccountActivityTable } from "./schema.ts";

/** Returns the events as JSON for the SQL below, with the field names that are sent. */
export const toEventsJson = (events: readonly WebhookChange[]): string =>
  JSON.stringify(snakecaseKeys([...events], { deep: true }));

/** SQL: the body of an event that happens now. */
export const bodyOf = (type: RawBuilder<unknown>, data: RawBuilder<unknown>) =>
  sql<string>`json_build_object(
    'type', ${type},
    'timestamp', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', ${data})::text`;

/**
 * SQL that stores a delivery for each enabled address of the user that subscribes to an event, as part of the
 * statement of the change: the table expression `delivery`.
 *
 * @param events JSON of `toEventsJson`
 * @param when a condition: nothing is stored when it is false
 * @param isLink a condition on a row `link` of `link_tokens`, whose id fills in `link_id` in events that have it
 */
export const storedDeliveries = (
  userId: unknown,
  events: unknown,
  when: RawBuilder<unknown> = sql`true`,
  isLink: RawBuilder<unknown> = sql`false`,
) =>
  sql<{ user_id: string; endpoint_id: string }>`
    insert into webhook_deliveries (user_id, endpoint_id, type, body)
    select endpoint.user_id, endpoint.id, event.type, ${bodyOf(
      sql`event.type`,
      sql`case when event.data ? 'link_id' then event.data || jsonb_build_object('link_id', (
        select link.id from link_tokens as link
        where link.user_id = ${userId} and ${isLink} limit 1))
      else event.data end`,
    )}
    from webhook_endpoints as endpoint
    join json_to_recordset(${events}::json) as event (type text, data jsonb)
      on event.type = any(endpoint.events)
    where endpoint.user_id = ${userId} and endpoint.disabled_at is null and ${when}
    returning user_id, endpoint_id`;

/** SQL of the jobs which send the rows of `delivery`: `job` of each. */
export const sendDeliveriesJobs = sql`
  select ${sendWebhooksJob({
    userId: sql.ref("endpoint.user_id"),
    endpointId: sql.ref("endpoint.id"),
    isSlow: sql.ref("endpoint.is_slow"),
  })} as job
  from webhook_endpoints as endpoint
  where (endpoint.user_id, endpoint.id) in (select user_id, endpoint_id from delivery)`;

/** SQL that adds them: one row, whose `jobs` must be read. */
export const sendDeliveries = addJobs(sendDeliveriesJobs);

/** The reason of an activity entry when the user chose accounts without another log-in. */
export const accountsChosen = "accounts_chosen";

/** The Link that created this attempt. For `storedDeliveries`. */
export const isLinkOf = (attemptId: string | null | undefined) =>
  sql`link.found_item_id = ${attemptId ?? null}`;

/** Returns the webhook events that report an activity entry. `storedDeliveries` fills in `linkId`. */
export function eventsOf(entry: Insertable<AccountActivityTable>): WebhookChange[] {
  const { kind, attempt_id: itemId, account_count: accountCount, reason, problem } = entry;
  const institutionName = entry.institution_name ?? null;
  // The entry of a bank that did not connect has an attempt's id, or none.
  const failed: WebhookChange[] = [
    {
      type: "connection.failed",
      data: { linkId: null, institutionName, reason: reason ?? "internal" },
    },
  ];
  if (kind === "refused" || (kind === "failed" && !problem)) return failed;
  if (!itemId) return [];
  const data = { itemId, institutionName };
  const accounts: WebhookChange = { type: "accounts.changed", data };
  switch (kind) {
    case "connected":
      return [{ type: "connection.connected", data: { ...data, linkId: null, accountCount } }];
    case "login_required":
    case "revoked":
    case "failed":
      return [{ type: "connection.problem", data: { ...data, problem: problem ?? "unknown" } }];
    case "expiring":
      return [{ type: "connection.problem", data: { ...data, problem: "expiring" } }];
    case "repaired":
      return [{ type: "connection.recovered", data }];
    case "reconnected":
      if (reason === accountsChosen) return [accounts];
      return [{ type: "connection.recovered", data }, ...(accountCount > 0 ? [accounts] : [])];
    case "disconnected":
      return [{ type: "connection.disconnected", data }];
    case "account_revoked":
      return [accounts];
    case "already_connected":
    case "new_accounts":
      return [];
  }
}
