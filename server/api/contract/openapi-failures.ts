import { type Reason, reasons } from "../../contracts/errors.ts";
import { reasonDetails } from "../../contracts/reason-details.ts";
import { type Schema, toJsonSchema } from "./json-schema.ts";
import { commonHeaders } from "./openapi-headers.ts";

/** The possible responses of a call, by HTTP status. */
export type Responses = Record<
  string,
  {
    description: string;
    content: Record<string, { schema: Schema; example?: unknown }>;
    headers?: object;
  }
>;

/** `limit_reached` → `FailureLimitReached`, the schema of its `error`. */
const schemaName = (reason: string) =>
  `Failure${reason.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
const referTo = (reason: string) => `#/components/schemas/${schemaName(reason)}`;

/** Returns the failures of a call by HTTP status, with their reasons and details. */
export function failures(possible: Reason[]): Responses {
  const statuses = new Map<number, Reason[]>();
  for (const reason of possible) {
    const { status } = reasons[reason];
    statuses.set(status, [...(statuses.get(status) ?? []), reason]);
  }
  return Object.fromEntries(
    [...statuses].map(([status, its]) => [
      status,
      {
        description: its.map((reason) => `\`${reason}\`: ${reasons[reason].message}`).join("\n\n"),
        headers: {
          ...commonHeaders,
          ...(its.some(mayBeRetried) && retryAfter),
          ...(its.includes("method_not_allowed") && allow),
        },
        content: {
          "application/json": {
            schema: {
              type: "object" as const,
              required: ["error"],
              properties: { error: tagged(its) },
            },
          },
        },
      },
    ]),
  );
}

/** Returns the schema of the only reason, or a choice that `reason` discriminates. */
function tagged(its: Reason[]): Schema {
  const [only] = its;
  if (only && its.length === 1) return { $ref: referTo(only) };
  const discriminator = {
    propertyName: "reason",
    mapping: Object.fromEntries(its.map((reason) => [reason, referTo(reason)])),
  };
  return { oneOf: its.map((reason) => ({ $ref: referTo(reason) })), discriminator } as Schema;
}

/** Returns the schema of `error` for each of these reasons, by name. */
export function failureSchemas(used: Iterable<Reason>): Record<string, Schema> {
  return Object.fromEntries(
    [...used].map((reason): [string, Schema] => {
      const details = Object.hasOwn(reasonDetails, reason)
        ? toJsonSchema(reasonDetails[reason as keyof typeof reasonDetails])
        : null;
      return [
        schemaName(reason),
        {
          type: "object",
          description: reasons[reason].message,
          required: ["reason", "message", "request_id", ...(details ? ["details"] : [])],
          properties: {
            reason: { type: "string", const: reason, description: "What to switch on." },
            message: { type: "string", description: "A sentence for a user." },
            request_id: { type: "string", format: "uuid", description: "The id to name to us." },
            ...(details && { details: { description: "What this reason carries.", ...details } }),
          },
        },
      ];
    }),
  );
}

/** Whether the details have `retryAfterSeconds`; then there is a Retry-After header too. */
const mayBeRetried = (reason: Reason) =>
  Object.hasOwn(reasonDetails, reason) &&
  "retryAfterSeconds" in reasonDetails[reason as keyof typeof reasonDetails].shape;
const retryAfter = {
  "Retry-After": {
    description: "Seconds after which the same request is worth sending again.",
    schema: { type: "integer" },
  },
};
const allow = {
  Allow: { description: "The methods that this address has.", schema: { type: "string" } },
};
