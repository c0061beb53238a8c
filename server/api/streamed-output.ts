import { once } from "node:events";
import { stringify } from "csv-stringify/sync";
import type { Response } from "express";
import { toCsvCell } from "../contracts/csv-cell.ts";

type Rows = AsyncIterable<readonly object[]>;

/**
 * The result of a procedure whose response may not fit into memory: fields that are in memory, and a last one
 * whose rows are read while they are written. Its schema is `streamed` in the procedure's metadata.
 */
export class StreamedOutput {
  readonly #fields: object;
  readonly #name: string;
  readonly #pages: Rows;
  readonly #columns: readonly string[];

  /**
   * @param name the field that contains all rows of `pages`
   * @param columns the fields of a row
   */
  constructor(fields: object, name: string, pages: Rows, columns: readonly string[]) {
    this.#fields = fields;
    this.#name = name;
    this.#pages = pages;
    this.#columns = columns;
  }

  /** The JSON, in parts. `rename` is called with the fields and with each row. */
  async *json(rename: (part: object) => object = (part) => part): AsyncGenerator<string> {
    const [name] = Object.keys(rename({ [this.#name]: [] }));
    const fields = JSON.stringify(rename(this.#fields), null, 2).replace(/\s*\}$/, "");
    yield `${fields},\n  ${JSON.stringify(name)}: [`;
    let between = "\n    ";
    for await (const page of this.#pages) {
      yield between + page.map((row) => JSON.stringify(rename(row))).join(",\n    ");
      between = ",\n    ";
    }
    yield "\n  ]\n}\n";
  }

  /** A line of JSON for each field, and for each element of a list field: `{"field": …, "value": …}`. */
  async *ndjson(rename: (part: object) => object): AsyncGenerator<string> {
    const line = (field: string, value: unknown) => `${JSON.stringify({ field, value })}\n`;
    for (const [field, value] of Object.entries(rename(this.#fields))) {
      yield Array.isArray(value)
        ? value.map((each) => line(field, each)).join("")
        : line(field, value);
    }
    const [name = ""] = Object.keys(rename({ [this.#name]: [] }));
    for await (const page of this.#pages) {
      yield page.map((row) => line(name, rename(row))).join("");
    }
  }

  /** Only the rows, as CSV (RFC 4180) with a header. */
  async *csv(rename: (part: object) => object): AsyncGenerator<string> {
    const columns = Object.keys(rename(Object.fromEntries(this.#columns.map((name) => [name, 0]))));
    yield stringify([columns]);
    for await (const page of this.#pages) {
      yield stringify(page.map(rename), { columns, cast: { string: toCsvCell } });
    }
  }
}

/**
 * Sends the parts as fast as they are read. Rejects when a part fails, which leaves the response incomplete.
 */
export async function sendParts(res: Response, parts: AsyncIterable<string>): Promise<void> {
  for await (const part of atPaceOf(res, parts)) res.write(part);
  res.end();
}

/**
 * Produces the next part only after the one before it was sent. A client that stops reading costs a part or
 * two of memory, and one that has disconnected nothing.
 */
export async function* atPaceOf<Part>(
  res: Response,
  parts: AsyncIterable<Part>,
): AsyncGenerator<Part> {
  for await (const part of parts) {
    yield part;
    if (res.writableNeedDrain) {
      const over = new AbortController();
      const { signal } = over;
      await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })]);
      over.abort();
    }
    if (res.destroyed) return;
  }
}
