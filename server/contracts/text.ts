import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";

/**
 * Characters that pages and the database must not contain: control characters, lone surrogates, and marks
 * that reverse the text after them.
 */
const unprintable = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Cleans text from Plaid, a bank or Link to one line that a page can show and PostgreSQL can store, at most
 * `most` UTF-16 code units.
 */
export function cleanText(sent: string, most: number): string {
  // Far more may be dropped than is kept, so only this much is read.
  const line = sent
    .slice(0, 4 * most)
    .replace(/\s+/g, " ")
    .replace(unprintable, "")
    .trim();
  // Drops both halves of a pair that the cut has split.
  return line.slice(0, most).replace(unprintable, "").trimEnd();
}

/**
 * A part of an input that may be invalid: it becomes null and is never refused. Typed and documented as the
 * valid value.
 */
export const advice = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().catch(null) as unknown as z.ZodOptional<z.ZodNullable<Schema>>;

/** Cleaned text that is advice; null when it is invalid or longer than `most`. */
export const adviceText = (most: number) =>
  advice(z.string().max(most)).transform((sent) =>
    sent ? cleanText(sent, most) || null : null,
  ) as unknown as z.ZodOptional<z.ZodNullable<z.ZodString>>;

/** Text that PostgreSQL can store: every character but NUL. */
export const text = z.string().refine((written) => !written.includes("\0"), fieldProblems.nul);
