import { z } from "zod";

/** What somebody writes and PostgreSQL can keep: every character but NUL. */
export const text = z
  .string()
  .refine((written) => !written.includes("\0"), "Leave out the NUL character.");
