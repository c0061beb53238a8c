import { createHash } from "node:crypto";
import { z } from "zod";
import { cleanText } from "../contracts/text.ts";

/**
 * How each kind of Plaid's values is parsed. Text is cleaned and bounded. An unusable value becomes null
 * where the product can do without it, and fails its row where it cannot. Whatever Plaid sends, the result
 * can be stored and fits the output schemas of `contracts/`.
 */

/** Plaid's ids are compared and stored unchanged: printable ASCII, without spaces. */
export const plaidId = z.string().regex(/^[\x21-\x7e]{1,200}$/);
/** An access_token, public_token, link_token or cursor. */
export const plaidToken = z.string().regex(/^[\x21-\x7e]{1,4000}$/);
export const plaidIdOrNull = orNull(plaidId);
/** Null when there is no text, or none is left after cleaning. */
export const textOrNull = (most: number) =>
  orNull(z.string()).transform((text) => (text === null ? null : cleanText(text, most) || null));

/** For the log and Plaid's support; empty when there is no usable one. */
export const requestId = textOrNull(100).transform((id) => id ?? "");

/**
 * A decimal string. Plaid sends JSON numbers. JavaScript prints the shortest decimal that parses to the same
 * number, which is the bank's own.
 */
export const amount = z
  .number()
  .refine((value) => Math.abs(value) < 1e15)
  .transform(toDecimal);

/** A calendar day that PostgreSQL can store: it has no year 0. */
export const day = z.iso.date().refine((date) => date >= "0001-01-01");

/** Writes out exponents (1e-7), because PostgreSQL and our contract take plain decimals. */
export function toDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value.toFixed(20).replace(/\.?0+$/, "");
}

/**
 * Returns the ISO 4217 code, or Plaid's unofficial code where ISO has none; null for neither. A code that is
 * too long for our contract is null: truncated, two currencies could become one.
 */
export function currencyOf(iso: unknown, unofficial: unknown): string | null {
  const official = typeof iso === "string" ? iso.trim().toUpperCase() : "";
  if (/^[A-Z]{3}$/.test(official)) return official;
  const code = typeof unofficial === "string" ? cleanText(unofficial, 100) : "";
  return code.length >= 1 && code.length <= longestCurrency ? code : null;
}
const longestCurrency = 16;

/** Null when the value is missing, null or invalid for `schema`. */
function orNull<Output>(schema: z.ZodType<Output>) {
  return schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null);
}

/** A row that is left out, with the first of its fields that is invalid. */
export interface Unreadable {
  /** Plaid's id. If that is invalid, a hash of the row, so that the same row has the same id. */
  id: string;
  field: string;
}

/** The rows of a response, valid and invalid. */
export interface Rows<Row> {
  read: Row[];
  unreadable: Unreadable[];
}

/** An array whose rows are parsed one by one. `idField` is the name of Plaid's id field. */
export const rowsOf = <Row>(row: z.ZodType<Row>, idField: string) =>
  z.array(z.unknown()).transform((sent): Rows<Row> => {
    const rows: Rows<Row> = { read: [], unreadable: [] };
    for (const each of sent) {
      const { success, data, error } = row.safeParse(each);
      if (success) rows.read.push(data);
      else rows.unreadable.push({ id: idOf(each, idField), field: fieldOf(error) });
    }
    return rows;
  });

function idOf(row: unknown, field: string): string {
  const given = plaidId.safeParse((row as Record<string, unknown> | null)?.[field]);
  if (given.success) return given.data;
  return `unnamed-${createHash("sha256")
    .update(JSON.stringify(row) ?? "")
    .digest("hex")
    .slice(0, 32)}`;
}

const fieldOf = ({ issues }: z.ZodError): string => issues[0]?.path.join(".") || "row";
