import { type Kysely, sql } from "kysely";

interface Column {
  table: string;
  column: string;
  type: string;
  required: boolean;
  hasDefault: boolean;
}

/** Our tables in PostgreSQL's catalog. */
export interface Schema {
  columns: Map<string, Column>;
  /** The file of each table's rows. It changes when they are all rewritten. */
  files: Map<string, string>;
  /** By their oid and name: an index that is rebuilt under the same name is another. */
  indexes: Map<string, string>;
  /** Validated constraints, whose validation read the whole table. */
  constraints: Map<string, string>;
}

export async function readSchema(db: Kysely<unknown>): Promise<Schema> {
  const columns = await sql<Column>`
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as required, a.atthasdef as "hasDefault"
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and a.attnum > 0 and not a.attisdropped`.execute(db);
  const files = await sql<{ name: string; file: string }>`
    select relname as name, relfilenode::text as file from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(db);
  const indexes = await sql<{ name: string; table: string }>`
    select indexrelid::oid || indexrelid::regclass::text as name, indrelid::regclass::text as table
    from pg_index join pg_class c on c.oid = indrelid
    where c.relnamespace = 'public'::regnamespace`.execute(db);
  const constraints = await sql<{ name: string; table: string }>`
    select oid || conname as name, conrelid::regclass::text as table from pg_constraint
    where connamespace = 'public'::regnamespace and convalidated and contype in ('c', 'f')`.execute(
    db,
  );
  return {
    columns: new Map(columns.rows.map((row) => [`${row.table}.${row.column}`, row])),
    files: new Map(files.rows.map(({ name, file }) => [name, file])),
    indexes: new Map(indexes.rows.map(({ name, table }) => [name, table])),
    constraints: new Map(constraints.rows.map(({ name, table }) => [name, table])),
  };
}

/**
 * Returns what breaks the previous version, or blocks writers while a large table is read: the ways in which
 * a migration does more than add.
 */
export function breakingChangesOf(before: Schema, after: Schema): string[] {
  const breaking: string[] = [];
  for (const [name, old] of before.columns) {
    const now = after.columns.get(name);
    if (!now) breaking.push(`${name} is gone`);
    else if (now.type !== old.type) breaking.push(`${name} changes its type`);
    else if (now.required && !old.required) breaking.push(`${name} becomes required`);
  }
  for (const [name, { table, required, hasDefault }] of after.columns) {
    if (!before.files.has(table) || before.columns.has(name)) continue;
    if (required && !hasDefault)
      breaking.push(`${name} is required, and the version before leaves it out`);
  }
  for (const [table, file] of before.files) {
    const now = after.files.get(table);
    if (now !== undefined && now !== file) breaking.push(`${table} is rewritten`);
  }
  for (const [name, table] of after.indexes) {
    const existed = before.files.has(table) && !before.indexes.has(name);
    if (existed) breaking.push(`${table} is locked while ${name.replace(/^\d+/, "")} is built`);
  }
  for (const [name, table] of after.constraints) {
    const existed = before.files.has(table) && !before.constraints.has(name);
    if (existed) breaking.push(`${table} is locked while ${name.replace(/^\d+/, "")} is checked`);
  }
  return breaking;
}
