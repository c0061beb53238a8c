import { setTimeout as pause } from "node:timers/promises";
import { type Kysely, sql } from "kysely";

/**
 * Adds the user to the keys of users' tables, so that they can be spread by user_id:
 * docs/decisions/009-spread-by-user.md. Indexes are built concurrently. Statements that lock a table hold the
 * lock for a moment and time out when they have to wait. Not in a transaction, so that an interrupted run
 * continues where it stopped.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [table, columns] of Object.entries(primaryKeys)) {
    if (await hasPrimaryKey(db, table, columns)) continue;
    await buildIndex(db, "unique index", `${table}_key_by_user`, `${table} (${columns})`);
  }
  for (const [name, on] of Object.entries(uniqueKeys))
    await buildIndex(db, "unique index", name, on);
  for (const [name, on] of Object.entries(indexes)) await buildIndex(db, "index", name, on);

  for (const { table, name, columns, target } of foreignKeys) {
    await briefly(
      db,
      `alter table ${table} drop constraint if exists ${name}_by_user;
       alter table ${table} add constraint ${name}_by_user foreign key (${columns})
         references ${target} on delete cascade not valid`,
    );
    await run(db, `alter table ${table} validate constraint ${name}_by_user`);
    await briefly(db, `alter table ${table} drop constraint if exists ${name}`);
  }
  for (const [table, columns] of Object.entries(primaryKeys)) {
    if (await hasPrimaryKey(db, table, columns)) continue;
    await briefly(
      db,
      `alter table ${table} drop constraint ${table}_pkey;
       alter table ${table} add constraint ${table}_pkey primary key using index ${table}_key_by_user`,
    );
  }
  for (const { table, name } of uniqueOverUsers) {
    await briefly(db, `alter table ${table} drop constraint if exists ${name}`);
  }
  for (const name of covered) await run(db, `drop index concurrently if exists ${name}`);
}

/**
 * The user first, so that their rows are stored together; last in keys that are looked up before the user is
 * known.
 */
const primaryKeys = {
  items: "user_id, id",
  accounts: "user_id, id",
  item_syncs: "user_id, item_id",
  link_attempts: "user_id, id",
  account_activity: "user_id, id",
  credentials: "user_id, id",
  sessions: "id, user_id",
  api_keys: "id, user_id",
};

/** They replace those below. Plaid's webhooks and cookies find their row by the first column. */
const uniqueKeys = {
  items_plaid_item: "items (plaid_item_id, user_id)",
  accounts_plaid_account: "accounts (user_id, plaid_account_id)",
  sessions_token: "sessions (token, user_id)",
};
const uniqueOverUsers = [
  { table: "items", name: "items_plaid_item_id_key" },
  { table: "accounts", name: "accounts_plaid_account_id_key" },
  { table: "sessions", name: "sessions_token_key" },
];

/** For the foreign keys below. */
const indexes = {
  accounts_user_item: "accounts (user_id, item_id)",
  transactions_user_account: "transactions (user_id, account_id, date desc, id)",
  open_links_item: "open_links (user_id, item_id)",
};
/** Indexes that are a prefix of another one. The previous version still needs `accounts_item`. */
const covered = [
  "accounts_user",
  "transactions_account",
  "item_syncs_user",
  "link_attempts_user",
  "credentials_user",
];

const item = { columns: "user_id, item_id", target: "items (user_id, id)" };
const foreignKeys = [
  { table: "accounts", name: "accounts_item_id_fkey", ...item },
  { table: "item_syncs", name: "item_syncs_item_id_fkey", ...item },
  { table: "open_links", name: "open_links_item_id_fkey", ...item },
  {
    table: "transactions",
    name: "transactions_account_id_fkey",
    columns: "user_id, account_id",
    target: "accounts (user_id, id)",
  },
];

const run = (db: Kysely<unknown>, text: string) => sql.raw(text).execute(db);

async function hasPrimaryKey(db: Kysely<unknown>, table: string, columns: string) {
  const { rows } = await sql<{ columns: string }>`
    select string_agg(attname, ', ' order by place) as columns
    from pg_constraint, unnest(conkey) with ordinality as key (number, place)
      join pg_attribute on attnum = key.number
    where conrelid = ${table}::regclass and attrelid = conrelid and contype = 'p'`.execute(db);
  return rows[0]?.columns === columns;
}

/** Drops an invalid index that an interrupted run has left first. */
async function buildIndex(db: Kysely<unknown>, kind: string, name: string, on: string) {
  const { rows } = await sql`
    select 1 from pg_index where indexrelid = to_regclass(${name}) and not indisvalid`.execute(db);
  if (rows.length > 0) await run(db, `drop index concurrently ${name}`);
  await run(db, `create ${kind} concurrently if not exists ${name} on ${on}`);
}

/**
 * Locks a table for a moment. While it waits for the lock, later queries wait behind it, so it times out
 * soon.
 */
async function briefly(db: Kysely<unknown>, text: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await db.transaction().execute(async (tx) => {
        await sql`set local lock_timeout = '500ms'`.execute(tx);
        await run(tx, text);
      });
      return;
    } catch (error) {
      const late = (error as { code?: string }).code === "55P03";
      if (!late || tries >= 300) throw error;
      await pause(500);
    }
  }
}
