import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * The changes of transactions since a cursor: docs/decisions/027-changes-since-a-cursor.md. The column has a
 * constant default, so no row is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists transaction_versions (
      user_id uuid primary key references users (id) on delete cascade,
      version bigint not null
    );
    create table if not exists removed_transactions (
      user_id uuid not null references users (id) on delete cascade,
      version bigint not null,
      account_id uuid not null,
      id text collate "C" not null,
      primary key (user_id, version, account_id, id)
    );
    create index if not exists removed_transactions_version on removed_transactions (version);
    ${functions}`,
    `alter table transactions add column if not exists version bigint not null default 0;
    create or replace trigger transactions_stamp_new before insert on transactions
      for each row when (new.version = 0) execute function stamp_transaction();
    create or replace trigger transactions_stamp_changed before update on transactions
      for each row when (new.version = old.version
        and (new.account_id, new.date, new.amount, new.currency, new.name, new.merchant, new.category, new.pending)
          is distinct from
            (old.account_id, old.date, old.amount, old.currency, old.name, old.merchant, old.category, old.pending))
      execute function stamp_transaction();
    create or replace trigger transactions_note_removed after delete on transactions
      referencing old table as removed for each statement execute function note_removed_transactions()`,
    `create or replace trigger accounts_note_removed before delete on accounts
      for each row execute function note_removed_account()`,
    `create or replace trigger corrections_stamp after insert or update on transaction_corrections
      for each row execute function stamp_corrected_transaction()`,
  ]);
}

/**
 * `raise_transactions_version` returns one version per database transaction, and locks the user's row of
 * `transaction_versions` until the transaction ends. A version is a time in microseconds, or the previous
 * version plus one: so a version that was lost in a crash is not assigned again.
 */
const functions = `
  create or replace function raise_transactions_version(of_user uuid) returns bigint
  language plpgsql as $$
  declare
    raised text[] := string_to_array(current_setting('fiscility.transactions_version', true), ' ');
    raised_to bigint;
  begin
    if raised[1] = of_user::text then return raised[2]; end if;
    insert into transaction_versions as v (user_id, version)
    values (of_user, extract(epoch from clock_timestamp()) * 1000000)
    on conflict (user_id) do update
      set version = greatest(v.version + 1, extract(epoch from clock_timestamp()) * 1000000)
    returning version into raised_to;
    perform set_config('fiscility.transactions_version', of_user || ' ' || raised_to, true);
    return raised_to;
  end $$;

  create or replace function stamp_transaction() returns trigger language plpgsql as $$
  begin
    new.version := raise_transactions_version(new.user_id);
    return new;
  end $$;

  create or replace function stamp_corrected_transaction() returns trigger language plpgsql as $$
  begin
    update transactions set version = raise_transactions_version(new.user_id)
    where user_id = new.user_id and id = new.transaction_id;
    return null;
  end $$;

  -- Of an account that is deleted, the next function notes all of them at once.
  create or replace function note_removed_transactions() returns trigger language plpgsql as $$
  begin
    insert into removed_transactions (user_id, version, account_id, id)
    select user_id, raise_transactions_version(user_id), account_id, id from removed
    where exists (select from accounts
      where accounts.user_id = removed.user_id and accounts.id = removed.account_id)
    on conflict do nothing;
    return null;
  end $$;

  create or replace function note_removed_account() returns trigger language plpgsql as $$
  begin
    if exists (select from transactions where user_id = old.user_id and account_id = old.id)
      and exists (select from users where id = old.user_id)
    then
      insert into removed_transactions (user_id, version, account_id, id)
      values (old.user_id, raise_transactions_version(old.user_id), old.id, '');
    end if;
    return old;
  end $$;`;
