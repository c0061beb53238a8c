import { z } from "zod";
import type { Reason } from "../../contracts/errors.ts";
import { type Endpoint, endpoints, subscriptions } from "./endpoints.ts";
import { options, type Schema, snake, toJsonSchema } from "./json-schema.ts";
import { namedSchemas, nameOfSchema } from "./named-schemas.ts";
import { failureSchema, failures, type Responses } from "./openapi-failures.ts";

/** One way to call one procedure, as the document describes it. */
export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: {
    name: string;
    in: "path" | "query";
    required: boolean;
    schema: Schema;
  }[];
  requestBody?: { required: boolean; content: { "application/json": { schema: Schema } } };
  responses: Responses;
}

/** https://spec.openapis.org/oas/v3.1.1 */
export interface OpenApi {
  openapi: "3.1.1";
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: Record<string, Partial<Record<"get" | "post" | "delete", Operation>>>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
}

/** What any call can end with, whatever it does. */
const common: readonly Reason[] = [
  "unauthenticated",
  "second_factor_required",
  "rate_limited",
  "unavailable",
  "internal",
];
const ofBodies: readonly Reason[] = [
  "invalid_input",
  "invalid_json",
  "body_too_large",
  "unsupported_media_type",
];
const byKey: readonly Reason[] = [
  "api_key_invalid",
  "api_key_revoked",
  "api_key_expired",
  "scope_missing",
];

/** The REST face as OpenAPI 3.1, from the same schemas that check the calls. */
export function createOpenApi(appUrl: string): OpenApi {
  const paths: OpenApi["paths"] = {};
  for (const endpoint of endpoints) {
    const path = `/api/v1${endpoint.path}`;
    const method = endpoint.method.toLowerCase() as "get" | "post" | "delete";
    paths[path] = { ...paths[path], [method]: toOperation(endpoint) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Fiscility Connect",
      version: "1",
      description: `Bank accounts, their connection and their history. Send an API key as \`Authorization: Bearer fsk_…\`; keys are made in the app under Settings. Money is a decimal string beside its ISO 4217 currency, times are ISO 8601 in UTC, and fields may be added at any time. Every failure is \`error\` with a \`reason\` to switch on and a \`request_id\` to name to us. \`RateLimit\` headers say how many calls of the key or session are left, and \`Retry-After\` when a refused one is worth sending again. Of one user eight calls run at once; more wait a few seconds. ${streams()}`,
    },
    servers: [{ url: appUrl }],
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(
          Object.entries(namedSchemas()).map(([name, schema]) => [name, snake(schema)]),
        ),
        Failure: failureSchema(),
      },
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key: `fsk_…`" },
        session: { type: "apiKey", in: "cookie", name: "fiscility.session_token" },
      },
    },
  };
}

/** Headers of every response to a key or a session. */
const always = {
  "X-Request-Id": {
    description: "The id to name to us; `error.request_id` of a failure.",
    schema: { type: "string", format: "uuid" },
  },
  RateLimit: {
    description:
      "Calls left (`r`) and seconds until there are more (`t`), as an IETF draft has it.",
    schema: { type: "string", examples: ['"key";r=599;t=60'] },
  },
};

/** OpenAPI 3.1 has no way to describe the events of a stream. */
const streams = () =>
  subscriptions
    .map(
      ({ name, summary, scope, event }) =>
        `\`GET /trpc/${name}\` (scope \`${scope}\`) answers with Server-Sent Events: ${summary} The data of each is JSON with ${Object.entries(
          z.toJSONSchema(event, options).properties ?? {},
        )
          .map(
            ([field, schema]) =>
              `\`${field}\` (${(schema as Schema).description?.replace(/\.$/, "")})`,
          )
          .join(", ")}; send its id as \`lastEventId\` in \`input\` to go on after it.`,
    )
    .join(" ");

/** What an `Accept` header can ask for in place of JSON. */
const streamedContent = {
  "application/x-ndjson": {
    schema: {
      type: "string" as const,
      description:
        'A line of JSON for each field, and for each element of one that is a list: `{"field": "transactions", "value": {…}}`.',
    },
  },
  "text/csv": {
    schema: {
      type: "string" as const,
      description:
        "The transactions alone, with a header. A text that a spreadsheet would run as a formula has an apostrophe before it.",
    },
  },
};

const schemaOf = (schema: z.ZodType): Schema => ({
  $ref: `#/components/schemas/${nameOfSchema(schema)}`,
});

function toOperation(endpoint: Endpoint): Operation {
  const { name, method, path, scope, stepUp, summary, input, output } = endpoint;
  const needsSession = scope === "session";
  const possible = new Set([...endpoint.reasons, ...common, ...(needsSession ? [] : byKey)]);
  if (input)
    for (const reason of method === "POST" ? ofBodies : ofBodies.slice(0, 1)) possible.add(reason);
  if (needsSession) possible.add("session_required");
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field as string);
  const operation: Operation = {
    operationId: name,
    tags: [path.split("/")[1] ?? name],
    summary,
    description: needsSession
      ? `For people who are logged in: by the cookie of the log-in, with no API key.${stepUp ? " Asks for a proof of the last ten minutes: `session.stepUp` first." : ""}`
      : `Scope: \`${scope}\`.${stepUp ? " A session needs a proof of the last ten minutes: `session.stepUp` first." : ""}`,
    security: needsSession ? [{ session: [] }] : [{ apiKey: [] }, { session: [] }],
    responses: {
      200: {
        description: "Done.",
        headers: always,
        content: {
          "application/json": { schema: schemaOf(output) },
          ...(endpoint.isStreamed && streamedContent),
        },
      },
      ...failures([...possible]),
    },
  };
  if (input && method === "POST") {
    const required = !input.safeParse({}).success;
    operation.requestBody = {
      required,
      content: { "application/json": { schema: schemaOf(input) } },
    };
  } else if (input) {
    const fields = toJsonSchema(input);
    operation.parameters = Object.entries(fields.properties ?? {}).map(([field, schema]) => ({
      name: field,
      in: inPath.includes(field) ? "path" : "query",
      required: inPath.includes(field) || (fields.required?.includes(field) ?? false),
      schema: schema as Schema,
    }));
  }
  return operation;
}
