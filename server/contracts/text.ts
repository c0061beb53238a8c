import { z } from "zod";
import { fieldProblems } from "./field-problems.ts";

/** What no page shows and no database keeps: controls, lone surrogates, marks that turn what follows. */
const unprintable = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text of others (Plaid's, a bank's, Link's) as one line that a page can show and PostgreSQL can keep,
 * of `most` UTF-16 code units at most.
 */
export function cleanText(sent: string, most: number): string {
  // What is dropped may be many times what is left; only so much of it is looked at.
  const line = sent
    .slice(0, 4 * most)
    .replace(/\s+/g, " ")
    .replace(unprintable, "")
    .trim();
  // A pair that the cut has split is dropped as a whole.
  return line.slice(0, most).replace(unprintable, "").trimEnd();
}

/** A part of an input that may be wrong: null then, and never refused. Typed and documented as it should be. */
export const advice = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().catch(null) as unknown as z.ZodOptional<z.ZodNullable<Schema>>;

/** Text that is advice, cleaned; null where it is none, or longer than `most`. */
export const adviceText = (most: number) =>
  advice(z.string().max(most)).transform((sent) =>
    sent ? cleanText(sent, most) || null : null,
  ) as unknown as z.ZodOptional<z.ZodNullable<z.ZodString>>;

/** What somebody writes and PostgreSQL can keep: every character but NUL. */
export const text = z.string().refine((written) => !written.includes("\0"), fieldProblems.nul);
