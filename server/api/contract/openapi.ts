import type { z } from "zod";
import type { Reason } from "../../contracts/errors.ts";
import { type Endpoint, endpoints, subscriptions } from "./endpoints.ts";
import { type Schema, snake, toJsonSchema } from "./json-schema.ts";
import { namedSchemas, nameOfSchema } from "./named-schemas.ts";
import { exampleOf } from "./openapi-examples.ts";
import { failureSchemas, failures } from "./openapi-failures.ts";
import { commonHeaders, headerComponents } from "./openapi-headers.ts";
import type { Operation } from "./openapi-operation.ts";
import { describeStream } from "./openapi-streams.ts";
import { tagOf, tags } from "./openapi-tags.ts";

/** https://spec.openapis.org/oas/v3.1.1 */
export interface OpenApi {
  openapi: "3.1.1";
  info: {
    title: string;
    version: string;
    description: string;
    contact: { name: string; url: string };
    license: { name: string; identifier: string };
  };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Partial<Record<"get" | "post" | "delete", Operation>>>;
  components: { schemas: Record<string, Schema>; headers: object; securitySchemes: object };
}

/** Failures that any call can have. */
const common: readonly Reason[] = [
  "unauthenticated",
  "second_factor_required",
  "method_not_allowed",
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

/** A stream that has begun reports every other failure as an event. */
const ofStreams: readonly Reason[] = [
  "method_not_allowed",
  "rate_limited",
  "unavailable",
  "internal",
];

/** What a reader needs to know before the first call, one paragraph each. */
const introduction = [
  "Bank accounts, their connection and their history.",
  "**Authentication.** Send an API key as `Authorization: Bearer fsk_…`. Create keys in the app under Settings. Each has scopes, and every call lists the scope that it needs.",
  "**Data.** Money is a decimal string with an ISO 4217 currency. Times are ISO 8601 in UTC. Fields may be added at any time.",
  "**Failures.** Every failure has an `error` with a `reason` to switch on and a `request_id` to send to support. Reasons may be added at any time.",
  "**Limits.** `RateLimit` headers say how many calls of the key or session are left. `Retry-After` says when a refused request is worth sending again. Eight calls of one user run at once; more wait a few seconds.",
];

/** Returns the REST API as OpenAPI 3.1, from the schemas that validate the calls. */
export function createOpenApi(appUrl: string): OpenApi {
  const named = Object.fromEntries(
    Object.entries(namedSchemas()).map(([name, schema]) => [name, snake(schema)]),
  );
  const paths: OpenApi["paths"] = {};
  const possible = new Set<Reason>();
  for (const endpoint of endpoints) {
    const path = `/api/v1${endpoint.path}`;
    const method = endpoint.method.toLowerCase() as "get" | "post" | "delete";
    const reasons = reasonsOf(endpoint);
    for (const reason of reasons) possible.add(reason);
    paths[path] = { ...paths[path], [method]: toOperation(endpoint, reasons, named) };
  }
  for (const stream of subscriptions) {
    paths[`/trpc/${stream.name}`] = { get: describeStream(stream, failures([...ofStreams])) };
  }
  const schemas = { ...named, ...failureSchemas(possible) };
  return {
    openapi: "3.1.1",
    info: {
      title: "Fiscility Connect",
      version: "1",
      description: introduction.join("\n\n"),
      contact: { name: "Fiscility", url: appUrl },
      license: { name: "Proprietary", identifier: "LicenseRef-Fiscility" },
    },
    servers: [{ url: appUrl }],
    tags,
    paths,
    components: {
      schemas: onlyUsed(schemas, paths),
      headers: headerComponents,
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key: `fsk_…`" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "fiscility.session_token",
          description: "The cookie of a log-in.",
        },
      },
    },
  };
}

/** The schemas that a call refers to, directly or not. */
function onlyUsed(schemas: Record<string, Schema>, paths: object): Record<string, Schema> {
  const used = new Set<string>();
  const visit = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (!name || used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(paths);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
}

function reasonsOf({ reasons, scope, input, method }: Endpoint): Reason[] {
  const needsSession = scope === "session";
  const possible = new Set([...reasons, ...common, ...(needsSession ? [] : byKey)]);
  if (input)
    for (const reason of method === "POST" ? ofBodies : ofBodies.slice(0, 1)) possible.add(reason);
  if (needsSession) possible.add("session_required");
  return [...possible];
}

/** Formats that the `Accept` header can request instead of JSON. */
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

function toOperation(
  endpoint: Endpoint,
  reasons: Reason[],
  schemas: Record<string, Schema>,
): Operation {
  const { name, method, path, scope, stepUp, summary, input, output } = endpoint;
  const needsSession = scope === "session";
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field as string);
  const operation: Operation = {
    operationId: name,
    tags: [tagOf(endpoint)],
    summary,
    description: needsSession
      ? `For people who are logged in: by the cookie of the log-in, with no API key.${stepUp ? " Asks for a proof of the last ten minutes: `session.stepUp` first." : ""}`
      : `Scope: \`${scope}\`.${stepUp ? " A session needs a proof of the last ten minutes: `session.stepUp` first." : ""}`,
    security: needsSession ? [{ session: [] }] : [{ apiKey: [] }, { session: [] }],
    responses: {
      200: {
        description: "Done.",
        headers: commonHeaders,
        content: {
          "application/json": {
            schema: schemaOf(output),
            example: exampleOf(schemaOf(output), schemas, true),
          },
          ...(endpoint.isStreamed && streamedContent),
        },
      },
      ...failures(reasons),
    },
  };
  if (input && method === "POST") {
    const required = !input.safeParse({}).success;
    operation.requestBody = {
      required,
      content: {
        "application/json": {
          schema: schemaOf(input),
          example: exampleOf(schemaOf(input), schemas, false),
        },
      },
    };
  } else if (input) {
    const fields = toJsonSchema(input);
    operation.parameters = Object.entries(fields.properties ?? {}).map(([field, schema]) => ({
      name: field,
      in: inPath.includes(field) ? "path" : "query",
      required: inPath.includes(field) || (fields.required?.includes(field) ?? false),
      ...described(schema as Schema),
    }));
  }
  return operation;
}

/** Moves the description out of the schema, where OpenAPI expects it for a parameter. */
function described({ description, ...schema }: Schema): { description?: string; schema: Schema } {
  return { ...(description && { description }), schema };
}
