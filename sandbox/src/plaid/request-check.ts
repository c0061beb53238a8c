/** Turns schema problems into Plaid's own INVALID_REQUEST errors. */
import type { ErrorObject } from "ajv";
import type { RequestSchemas } from "./openapi-schemas.ts";
import { PlaidError } from "./plaid-error.ts";

const CREDENTIAL = /^[\x21-\x7e]+$/;

/** Who is calling: taken from the headers or, failing these, from the body. */
export interface Credentials {
  client_id: string;
  secret: string;
}

/**
 * Checks a body against its path's schema, and returns it without the optional fields that are null.
 * @throws INVALID_BODY, MISSING_FIELDS, UNKNOWN_FIELDS, INVALID_FIELD or INVALID_API_KEYS.
 */
export function checkRequest(
  schemas: RequestSchemas,
  path: string,
  sent: unknown,
  headers: { clientId: string | undefined; secret: string | undefined },
): Credentials & { body: object } {
  if (sent === null || typeof sent !== "object" || Array.isArray(sent)) {
    throw new PlaidError("INVALID_BODY", "body must be a JSON object");
  }
  const body = schemas.withoutNulls(path, sent);
  const problems = schemas.problems(path, body);
  const fields = body as { client_id?: unknown; secret?: unknown };
  const client_id = headers.clientId ?? fields.client_id;
  const secret = headers.secret ?? fields.secret;

  const missing = [
    ...(client_id === undefined ? ["client_id"] : []),
    ...(secret === undefined ? ["secret"] : []),
    ...problems.filter((problem) => problem.keyword === "required").map(missingField),
  ];
  if (missing.length > 0) {
    throw new PlaidError(
      "MISSING_FIELDS",
      `the following required fields are missing: ${[...new Set(missing)].join(", ")}`,
    );
  }
  const unknown = problems.filter((problem) => problem.keyword === "additionalProperties");
  if (unknown.length > 0) {
    const names = unknown.map((problem) =>
      join(fieldOf(problem), problem.params.additionalProperty),
    );
    throw new PlaidError(
      "UNKNOWN_FIELDS",
      `the following fields are not recognized by this endpoint: ${[...new Set(names)].join(", ")}`,
    );
  }
  const first = problems[0];
  if (first) throw new PlaidError("INVALID_FIELD", describe(first));
  if (typeof client_id !== "string" || !CREDENTIAL.test(client_id)) {
    throw new PlaidError(
      "INVALID_FIELD",
      "client_id must be a properly formatted, non-empty string",
    );
  }
  if (typeof secret !== "string" || !CREDENTIAL.test(secret)) {
    throw new PlaidError("INVALID_FIELD", "secret must be a properly formatted, non-empty string");
  }
  // Any pair is accepted, except one whose secret contains "invalid".
  if (secret.includes("invalid")) throw new PlaidError("INVALID_API_KEYS");
  return { client_id, secret, body };
}

function describe(problem: ErrorObject): string {
  const field = fieldOf(problem);
  const allowed: unknown = problem.params.allowedValues;
  if (problem.keyword === "enum" && Array.isArray(allowed)) {
    const shown = allowed.filter((value) => value !== null);
    const list = shown.length > 12 ? "" : `: ${shown.join(", ")}`;
    return `${field} must be one of the allowed values${list}`;
  }
  return `${field} ${problem.message ?? "is invalid"}`;
}

function missingField(problem: ErrorObject): string {
  return join(fieldOf(problem), String(problem.params.missingProperty));
}

/** `/user/client_user_id` as Plaid writes it: `user.client_user_id`. */
function fieldOf(problem: ErrorObject): string {
  return problem.instancePath.slice(1).replaceAll("/", ".");
}

function join(parent: string, name: unknown): string {
  return parent === "" ? String(name) : `${parent}.${String(name)}`;
}
