import { type Kysely, sql } from "kysely";

/** Plans, users, and better-auth's tables under our names (its defaults clash with bank `accounts`). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table plans (
      id text primary key,
      name text not null,
      price_monthly numeric(12, 2) not null check (price_monthly >= 0),
      currency text not null default 'USD',
      max_accounts integer not null check (max_accounts >= 0)
    );

    insert into plans (id, name, price_monthly, max_accounts) values
      ('intern', 'Intern', 0, 2),
      ('accountant', 'Accountant', 29, 10),
      ('analyst', 'Analyst', 49, 25),
      ('cfo', 'CFO', 79, 100);

    create table users (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      email text not null unique,
      email_verified boolean not null default false,
      image text,
      plan text not null default 'intern' references plans (id),
      data_version integer not null default 0,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index users_plan on users (plan);

    create table sessions (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null references users (id) on delete cascade,
      token text not null unique,
      expires_at timestamptz not null,
      ip_address text,
      user_agent text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index sessions_user on sessions (user_id);

    create table credentials (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null references users (id) on delete cascade,
      account_id text not null,
      provider_id text not null,
      password text,
      access_token text,
      refresh_token text,
      id_token text,
      access_token_expires_at timestamptz,
      refresh_token_expires_at timestamptz,
      scope text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index credentials_user on credentials (user_id);

    create table verifications (
      id uuid primary key default gen_random_uuid(),
      identifier text not null,
      value text not null,
      expires_at timestamptz not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    create index verifications_identifier on verifications (identifier);
  `.execute(db);
}
