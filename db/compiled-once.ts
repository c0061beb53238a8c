import type { CompiledQuery } from "kysely";
import { type Db, prepareInSessions } from "./client.ts";

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
 * `build` must use each of its `values` as a parameter and nothing else (they cannot be spread either), and
 * name each column that it returns: PostgreSQL refuses a prepared `select *` once a migration has added a column.
 */
export function compiledOnce<Values extends object, Row>(
  build: (db: Db, values: Values) => { compile(db: Db): CompiledQuery<Row> },
): (db: Db, values: Values) => Promise<Row[]> {
  const marks = new Proxy({} as Values, { get: (_, name) => new Mark(String(name)) });
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    if (!compiled) {
      compiled = build(db, marks).compile(db);
      prepareInSessions(compiled.sql);
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Mark ? values[parameter.name as keyof Values] : parameter,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}
