import type { core, ZodError } from "zod";

/** The maximum issues in an error, and unknown fields in an issue: as many as a reader needs. */
export const maxIssues = 20;

/** Returns the `issues` of `invalid_input`: at most the first twenty. */
export function issuesOf(error: ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, maxIssues).map((issue) => ({
    path: issue.path.join("."),
    message: issue.code === "unrecognized_keys" ? unrecognized(issue) : issue.message,
  }));
}

/** Shortens zod's own message, which lists every unknown key in full. */
function unrecognized({ keys }: core.$ZodIssueUnrecognizedKeys): string {
  const named = keys.slice(0, maxIssues).map((key) => `"${key.slice(0, 100)}"`);
  const more = keys.length > maxIssues ? " and more" : "";
  return `Unrecognized key${keys.length > 1 ? "s" : ""}: ${named.join(", ")}${more}`;
}
