import type { core, ZodError } from "zod";

/** Issues in one error, and unknown fields in one issue: as many as a person reads. */
export const maxIssues = 20;

/** The `issues` of `invalid_input`, bounded however much was wrong: the first twenty. */
export function issuesOf(error: ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, maxIssues).map((issue) => ({
    path: issue.path.join("."),
    message: issue.code === "unrecognized_keys" ? unrecognized(issue) : issue.message,
  }));
}

/** zod's own message names every unknown key in full. */
function unrecognized({ keys }: core.$ZodIssueUnrecognizedKeys): string {
  const named = keys.slice(0, maxIssues).map((key) => `"${key.slice(0, 100)}"`);
  const more = keys.length > maxIssues ? " and more" : "";
  return `Unrecognized key${keys.length > 1 ? "s" : ""}: ${named.join(", ")}${more}`;
}
