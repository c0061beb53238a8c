import type { Subscription } from "./endpoints.ts";
import { toContractSchema } from "./json-schema.ts";
import type { Responses } from "./openapi-failures.ts";
import { commonHeaders } from "./openapi-headers.ts";
import type { Operation } from "./openapi-operation.ts";
import { tagOf } from "./openapi-tags.ts";

/**
 * Describes a stream of Server-Sent Events. OpenAPI 3.1 has no schema for its events, so they are in the
 * description.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function describeStream(stream: Subscription, failures: Responses): Operation {
  const { name, summary, scope, event } = stream;
  const { properties } = toContractSchema(event);
  const fields = Object.entries(properties ?? {}).map(
    ([field, schema]) =>
      `\`${field}\` (${(schema as { description?: string }).description?.replace(/\.$/, "")})`,
  );
  const example = `event: connected\ndata: {"reconnectAfterInactivityMs":25000}\n\ndata: {"dataVersion":7}\nid: 7\n\n`;
  return {
    operationId: name,
    tags: [tagOf(stream)],
    summary,
    description: `Scope: \`${scope}\`. Responds with Server-Sent Events. The first is \`connected\`, whose data says after how many milliseconds of silence to open the stream again; a \`ping\` comes before that. Events without a name carry JSON with ${fields.join(", ")}. A \`serialized-error\` ends the stream for good: its \`data.reason\` says why.`,
    security: [{ apiKey: [] }, { session: [] }],
    parameters: [
      {
        name: "Last-Event-ID",
        in: "header" as const,
        description: "The id of the last event that was seen: the stream goes on after it.",
        required: false,
        schema: { type: "string" as const },
      },
    ],
    responses: {
      200: {
        description: "The stream. It stays open.",
        headers: commonHeaders,
        content: { "text/event-stream": { schema: { type: "string" as const }, example } },
      },
      ...failures,
    },
  };
}
