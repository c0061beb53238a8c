import { createHash } from "node:crypto";
import type { CompiledQuery } from "kysely";
import type { Db } from "./client.ts";

/** A placeholder for a value in a statement. */
class Mark {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement that is compiled once, when it first runs, and prepared once in each session that `createDb` has
 * to itself. For statements that a request waits for, where compiling takes as long as sending, and planning
 * longer than running.
 *
 * `build` must use each of its `values` as a parameter and nothing else (it cannot be spread either), and name each column that it returns:
 * PostgreSQL refuses a prepared `select *` once a migration has added a column.
 */
export function compiledOnce<Values extends object, Row>(
  build: (db: Db, values: Values) => { compile(db: Db): CompiledQuery<Row> },
): (db: Db, values: Values) => Promise<Row[]> {
  const marks = new Proxy({} as Values, { get: (_, name) => new Mark(String(name)) });
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    if (!compiled) {
      compiled = build(db, marks).compile(db);
      names.set(compiled.sql, createHash("sha256").update(compiled.sql).digest("base64url"));
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Mark ? values[parameter.name as keyof Values] : parameter,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}

const names = new Map<string, string>();

/** Returns the name under which a statement of `compiledOnce` is prepared; undefined for any other. */
export const preparedName = (sql: string): string | undefined => names.get(sql);
