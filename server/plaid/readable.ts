import { createHash } from "node:crypto";
import { z } from "zod";
import { cleanText } from "../contracts/text.ts";

/**
 * How each kind of value of Plaid's is read. Text is cleaned and bounded; a value that cannot be used is
 * null where the product can do without it, and fails its row where it cannot. So whatever Plaid sends,
 * what comes out of here can be stored, and fits the output schemas of `contracts/`.
 */

/** Plaid's ids are compared and stored as they are: printable ASCII, without spaces. */
export const plaidId = z.string().regex(/^[\x21-\x7e]{1,200}$/);
/** An access_token, public_token, link_token or cursor. */
export const plaidToken = z.string().regex(/^[\x21-\x7e]{1,4000}$/);
export const plaidIdOrNull = orNull(plaidId);
/** Null for no text, and for what is empty once it is cleaned. */
export const textOrNull = (most: number) =>
  orNull(z.string()).transform((text) => (text === null ? null : cleanText(text, most) || null));

/** For the log and for Plaid's support; empty where there is none that can be used. */
export const requestId = textOrNull(100).transform((id) => id ?? "");

/**
 * A decimal string. Plaid sends JSON numbers; JavaScript prints the shortest decimal that reads back the
 * same, which is the bank's own.
 */
export const amount = z
  .number()
  .refine((value) => Math.abs(value) < 1e15)
  .transform(toDecimal);

/** A calendar day that PostgreSQL has too: it has no year 0. */
export const day = z.iso.date().refine((date) => date >= "0001-01-01");

/** Exponents (1e-7) are written out: PostgreSQL and our contract take plain decimals. */
export function toDecimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value.toFixed(20).replace(/\.?0+$/, "");
}

/**
 * ISO 4217, or Plaid's unofficial code where ISO has none; null for what is neither. A longer code than
 * our contract has is no code: cut off, two currencies could become one.
 */
export function currencyOf(iso: unknown, unofficial: unknown): string | null {
  const official = typeof iso === "string" ? iso.trim().toUpperCase() : "";
  if (/^[A-Z]{3}$/.test(official)) return official;
  const code = typeof unofficial === "string" ? cleanText(unofficial, 100) : "";
  return code.length >= 1 && code.length <= longestCurrency ? code : null;
}
const longestCurrency = 16;

/** Null where the value is absent, null, or not what `schema` takes. */
function orNull<Output>(schema: z.ZodType<Output>) {
  return schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null);
}

/** A row that is left out, and the first of its fields that cannot be used. */
export interface Unreadable {
  /** Plaid's id, or where that is what cannot be used, one that is the same for the same row. */
  id: string;
  field: string;
}

/** Rows of a response, those that can be used and those that cannot. */
export interface Rows<Row> {
  read: Row[];
  unreadable: Unreadable[];
}

/** An array whose rows are read one by one; `idField` is what Plaid calls the id of one. */
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
