import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../support/database.ts";

/**
 * The rules of Citus for tables that are spread over nodes, checked in PostgreSQL's own catalog:
 * https://docs.citusdata.com/en/stable/develop/reference_ddl.html
 */

/** Tables that are stored with their user: the column that has the user. */
const spread: Record<string, string> = {
  users: "id",
  items: "user_id",
  accounts: "user_id",
  unconnected_accounts: "user_id",
  transactions: "user_id",
  unreadable_transactions: "user_id",
  held_transactions: "user_id",
  item_syncs: "user_id",
  link_attempts: "user_id",
  link_tokens: "user_id",
  open_links: "user_id",
  account_activity: "user_id",
  sessions: "user_id",
  log_ins: "user_id",
  known_devices: "user_id",
  credentials: "user_id",
  totp_factors: "user_id",
  passkeys: "user_id",
  backup_codes: "user_id",
  pending_log_ins: "user_id",
  api_keys: "user_id",
  webhook_endpoints: "user_id",
  webhook_deliveries: "user_id",
  plaid_users: "user_id",
  unclaimed_items: "user_id",
  mails: "user_id",
  mail_links: "user_id",
  declined_notices: "user_id",
  security_events: "user_id",
  consents: "user_id",
  plan_requests: "user_id",
  transaction_corrections: "user_id",
  transaction_versions: "user_id",
  removed_transactions: "user_id",
  changed_objects: "user_id",
};
/** Small tables, the same on every node. */
const onEveryNode = ["plans", "institutions"];
/** Tables that are looked up by their own key before the user is known, or that have no user. */
const apart = [
  "webhooks",
  "webhook_keys",
  "refused_tokens",
  "ended_plaid_users",
  "plaid_clients",
  "verifications",
  "passkey_challenges",
  "kysely_migration",
  "kysely_migration_lock",
];
/** Unique over all users on purpose: docs/decisions/009-spread-by-user.md. */
const overUsers = ["users_email_key", "link_attempts_public_token_hash_key"];
/** They notify of changes or number them. Citus refuses to spread a table that has a trigger: see the same page. */
const triggers = [
  "accounts_note_changed",
  "accounts_note_removed",
  "accounts_note_rows",
  "api_keys_tell_ended",
  "api_keys_tell_revoked",
  "corrections_stamp",
  "item_syncs_note_changed",
  "items_note_changed",
  "items_note_rows",
  "sessions_tell_ended",
  "transactions_note_removed",
  "transactions_stamp_changed",
  "transactions_stamp_new",
  "unconnected_accounts_note_rows",
  "users_tell_changed",
];

let database: Awaited<ReturnType<typeof testDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  client.on("error", () => {});
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

test("Every table is listed as spread by user, on every node, or apart", async () => {
  const { rows } = await client.query(
    "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  );
  const known = [...Object.keys(spread), ...onEveryNode, ...apart].sort();
  expect(rows.map(({ name }) => name)).toEqual(known);
});

test("Every unique key of a spread table contains the user", async () => {
  const { rows } = await client.query(
    `select indrelid::regclass::text as "table", indexrelid::regclass::text as name,
        array(select attname::text from pg_attribute
          where attrelid = indrelid and attnum = any(indkey)) as columns
      from pg_index join pg_class on pg_class.oid = indrelid
      where indisunique and relnamespace = 'public'::regnamespace`,
  );
  const without = rows.filter(
    ({ table, columns }) => table in spread && !columns.includes(spread[table]),
  );
  expect(without.map(({ name }) => name).sort()).toEqual([...overUsers].sort());
});

test("Every foreign key of a spread table stays within one user, or leads to a table on every node", async () => {
  const { rows } = await client.query(
    `select conname as name, conrelid::regclass::text as "from", confrelid::regclass::text as "to",
        array(select array[a.attname::text, b.attname::text]
          from unnest(conkey, confkey) as pair (mine, theirs)
          join pg_attribute a on a.attrelid = conrelid and a.attnum = pair.mine
          join pg_attribute b on b.attrelid = confrelid and b.attnum = pair.theirs) as pairs
      from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
  );
  expect(rows.length).toBeGreaterThan(10);
  const wrong = rows.filter(({ from, to, pairs }) => {
    if (!(from in spread)) return to in spread;
    if (onEveryNode.includes(to)) return false;
    return !pairs.some(
      ([mine, theirs]: string[]) => mine === spread[from] && theirs === spread[to],
    );
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test("No spread table has a trigger except those in decision 009", async () => {
  const { rows } = await client.query(
    `select tgname as name, tgrelid::regclass::text as "table" from pg_trigger
      where not tgisinternal order by 1`,
  );
  const found = rows.filter(({ table }) => table in spread);
  expect(found.map(({ name }) => name)).toEqual(triggers);
});
