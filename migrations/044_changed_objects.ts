import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * Which Items and accounts changed with which data version: docs/decisions/005-live-changes.md. The triggers run as a
 * transaction commits, when it has raised the user's data version, so they store the one that it commits with.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists changed_objects (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null,
      is_account boolean not null,
      data_version integer not null,
      primary key (user_id, id)
    );
    ${functions}`,
    trigger("items", "insert or delete", "item", "id"),
    trigger("items", "update", "item", "id", changes("items")),
    trigger("item_syncs", "update", "item", "item_id", changes("item_syncs")),
    trigger("unconnected_accounts", "insert or update or delete", "item", "item_id"),
    trigger("accounts", "insert or delete", "account", "id"),
    trigger("accounts", "update", "account", "id", changes("accounts")),
  ]);
}

/** A trigger for some events of a table; `id` is the column that names the object. */
function trigger(table: string, events: string, object: string, id: string, when = ""): string {
  const name = `${table}_note_${events === "update" ? "changed" : "rows"}`;
  return `drop trigger if exists ${name} on ${table};
    create constraint trigger ${name} after ${events} on ${table}
      deferrable initially deferred for each row ${when}
      execute function note_changed_object('${object}', '${id}')`;
}

/** What users see of a row is not what it was. */
function changes(table: keyof typeof shown): string {
  const row = (of: string) => shown[table].map((column) => `${of}.${column}`).join(", ");
  return `when ((${row("old")}) is distinct from (${row("new")}))`;
}

const shown = {
  items: [
    ...["institution_id", "institution_name", "status", "problem", "problem_message", "expires_at"],
    ...["new_accounts", "has_transactions", "updated_at"],
  ],
  item_syncs: [
    ...["status", "synced_at", "started_at", "arrived", "retry_at", "clear_retry_at"],
    ...["transactions_unreadable", "accounts_unreadable", "cursor_refusals"],
    ...["refresh_asked_at", "refresh_sent_at", "refresh_ended_at"],
  ],
  accounts: [
    ...["item_id", "position", "name", "chosen_name", "is_hidden", "official_name", "mask", "type"],
    ...[
      "subtype",
      "current_balance",
      "available_balance",
      "balance_limit",
      "currency",
      "revoked_at",
    ],
  ],
};

const functions = `
  create or replace function note_changed_object() returns trigger language plpgsql as $$
  declare
    changed jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  begin
    insert into changed_objects as c (user_id, id, is_account, data_version)
    select id, (changed ->> tg_argv[1])::uuid, tg_argv[0] = 'account', data_version from users
    where id = (changed ->> 'user_id')::uuid and deleted_at is null
    on conflict (user_id, id) do update
      set data_version = greatest(c.data_version, excluded.data_version)
      where c.data_version < excluded.data_version;
    return null;
  end $$;`;
