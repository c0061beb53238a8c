import type { Compilable, CompiledQuery } from "kysely";
import type { Db } from "./client.ts";

/** A placeholder for a value in a statement. */
class Mark {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement that is compiled once, when it first runs. For statements that a request waits for, where
 * compiling takes as long as sending. `build` must use each of its `values` as a parameter and nothing else.
 * Nothing is prepared in PostgreSQL, because its sessions are not ours.
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
