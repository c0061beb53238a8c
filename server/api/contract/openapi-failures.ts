import { type Reason, reasons } from "../../contracts/errors.ts";
import { reasonDetails } from "../../contracts/reason-details.ts";
import { type Schema, toJsonSchema } from "./json-schema.ts";

/** What a call can respond with, by HTTP status. */
export type Responses = Record<
  string,
  { description: string; content: Record<string, { schema: Schema }>; headers?: object }
>;

/** The failures a call can end with, by HTTP status, each with its reasons and the details of each. */
export function failures(possible: Reason[]): Responses {
  const statuses = new Map<number, Reason[]>();
  for (const reason of possible) {
    const { status } = reasons[reason];
    statuses.set(status, [...(statuses.get(status) ?? []), reason]);
  }
  return Object.fromEntries(
    [...statuses].map(([status, its]) => {
      const schema = {
        allOf: [
          { $ref: "#/components/schemas/Failure" },
          { type: "object" as const, properties: { error: { oneOf: tagged(its) } } },
        ],
      };
      return [
        status,
        {
          description: its
            .map((reason) => `\`${reason}\`: ${reasons[reason].message}`)
            .join("\n\n"),
          ...(its.some(mayBeRetried) && { headers: retryAfter }),
          content: { "application/json": { schema } },
        },
      ];
    }),
  );
}

/** Reasons with details each beside theirs, and all others together. */
function tagged(its: Reason[]): Schema[] {
  const hasDetails = (reason: Reason) => Object.hasOwn(reasonDetails, reason);
  const plain = its.filter((reason) => !hasDetails(reason));
  const shape = (names: Reason[]) => ({
    type: "object" as const,
    properties: { reason: { type: "string" as const, enum: names } },
  });
  return [
    ...(plain.length > 0 ? [shape(plain)] : []),
    ...its.filter(hasDetails).map((reason) => {
      const schema = reasonDetails[reason as keyof typeof reasonDetails];
      const details = toJsonSchema(schema);
      const { type, properties } = shape([reason]);
      return { type, properties: { ...properties, details } };
    }),
  ];
}

/** Whether the details say after how many seconds, as the header then does. */
const mayBeRetried = (reason: Reason) =>
  Object.hasOwn(reasonDetails, reason) &&
  "retryAfterSeconds" in reasonDetails[reason as keyof typeof reasonDetails].shape;
const retryAfter = {
  "Retry-After": {
    description: "Seconds after which the same request is worth sending again.",
    schema: { type: "integer" },
  },
};
/** The body of every failure. */
export function failureSchema(): Schema {
  return {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["reason", "message", "request_id"],
        properties: {
          reason: { type: "string", description: "One of those named with the status." },
          message: { type: "string", description: "A sentence for a person." },
          request_id: { type: "string", format: "uuid" },
          details: {
            type: "object",
            description: "What some reasons carry: see the responses of each call.",
          },
        },
      },
    },
  };
}
