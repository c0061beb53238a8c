import type { Compilable, CompiledQuery } from "kysely";
import type { Db } from "./client.ts";

/** Stands in a statement where a value will. */
class Mark {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement whose text is made once, when it is first run: for those that a request waits for, where
 * making it takes as long as sending it. `build` must put each of its `values` into the statement as a
 * parameter, and do nothing else with them. Nothing is prepared in PostgreSQL, whose sessions are not ours.
 */
export function compiledOnce<Values extends object, Row>(
  build: (db: Db, values: Values) => Compilable<Row>,
): (db: Db, values: Values) => Promise<Row[]> {
  const marks = new Proxy({} as Values, { get: (_, name) => new Mark(String(name)) });
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    compiled ??= build(db, marks).compile();
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Mark ? values[parameter.name as keyof Values] : parameter,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}
