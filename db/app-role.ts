import pg from "pg";
import { openConnection } from "./client.ts";

/**
 * Grants the role of `appUrl` exactly what the server and the worker need in the database of `ownerUrl`: the
 * rows of our tables and of graphile-worker's, no DDL, no TRUNCATE. A role that does not exist is created
 * with the URL's password; an existing one keeps its password. `ownerUrl` must connect to PostgreSQL
 * directly, as the role that migrates. It may run repeatedly and in parallel.
 *
 * @param ms how long PostgreSQL may take to connect, and be silent while it runs a statement
 * @throws when the role can do more than that afterwards; the message lists what
 */
export async function grantAppRole(ownerUrl: string, appUrl: string, ms: number): Promise<void> {
  const { username, password } = new URL(appUrl);
  const name = decodeURIComponent(username);
  if (!name) throw new Error("DATABASE_URL names no role to grant rights to.");
  const role = pg.escapeIdentifier(name);
  const client = await openConnection(ownerUrl, ms, `-c lock_timeout=${lockTimeout}`);
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(hashtextextended('app role', 0))");
    const { rowCount } = await client.query("select from pg_roles where rolname = $1", [name]);
    if (!rowCount) {
      const secret = pg.escapeLiteral(decodeURIComponent(password));
      await client.query(`create role ${role} login password ${secret}`);
    }
    await client.query(rightsOf(role));
    await openRows(client);
    const { rows } = await client.query<{ right: string }>(tooMuch, [name]);
    if (rows.length > 0) {
      const rights = rows.map(({ right }) => right).join(", ");
      throw new Error(
        `The role ${name} of DATABASE_URL may do more than read and write rows: ${rights}.`,
      );
    }
    await client.query("commit");
  } finally {
    await client.end().catch(() => {});
  }
}

/** Milliseconds. A lock that is not acquired in this time is held by a running statement: run it again. */
const lockTimeout = 1_000;

/** The app reads which migrations were applied; only the owner writes it. */
const rightsOf = (role: string) => `
  do $$ begin
    execute format('revoke temporary on database %I from public', current_database());
  end $$;
  revoke create on schema public from public;
  grant usage on schema public, graphile_worker to ${role};
  grant select, insert, update, delete on all tables in schema public, graphile_worker to ${role};
  revoke insert, update, delete
    on kysely_migration, kysely_migration_lock, graphile_worker.migrations from ${role};
  alter default privileges in schema public, graphile_worker
    grant select, insert, update, delete on tables to ${role};`;

/**
 * graphile-worker enables row level security on its tables without a policy, which blocks every role but
 * their owner. This policy makes grants alone decide, as for our tables.
 */
async function openRows(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ file: string }>(`
    select c.oid::regclass::text as file from pg_class c
    where relnamespace = 'graphile_worker'::regnamespace and relrowsecurity
      and not exists (select from pg_policy where polrelid = c.oid)`);
  for (const { file } of rows) {
    await client.query(`create policy by_rights on ${file} using (true) with check (true)`);
  }
}

/**
 * What the role $1 may do beyond rows: by attribute, by grant, by ownership, itself or as a member of another
 * role. Any of PostgreSQL's own roles (`pg_read_all_data`, `pg_maintain`, …) is too much.
 */
const tooMuch = `
  select 'be a superuser, or make roles or databases, or pass row level security' as right
    where exists (select from pg_roles where pg_has_role($1, oid, 'member')
      and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication))
  union all
  select 'act as ' || string_agg(rolname, ', ' order by rolname) from pg_roles
    where starts_with(rolname, 'pg_') and pg_has_role($1, oid, 'member') having count(*) > 0
  union all
  select 'create in schema ' || nspname from pg_namespace
    where nspname in ('public', 'graphile_worker') and has_schema_privilege($1, oid, 'create')
  union all
  select privilege || ' in database ' || current_database()
    from unnest(array['create', 'temporary']) privilege
    where has_database_privilege($1, current_database(), privilege)
  union all
  select 'drop ' || string_agg(relname, ', ' order by relname) from pg_class
    where relnamespace in ('public'::regnamespace, 'graphile_worker'::regnamespace) and relkind in ('r', 'p')
      and pg_has_role($1, relowner, 'member')
    having count(*) > 0
  union all
  select lower(privilege_type) || ' ' || string_agg(distinct relname, ', ')
    from pg_class, aclexplode(relacl)
    where relnamespace in ('public'::regnamespace, 'graphile_worker'::regnamespace) and relkind in ('r', 'p')
      and privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      and (grantee = 0 or pg_has_role($1, grantee, 'member'))
    group by privilege_type`;
