import type { Schema } from "../../server/api/contract/json-schema.ts";
import type { OpenApi } from "../../server/api/contract/openapi.ts";
import type { Operation } from "../../server/api/contract/openapi-operation.ts";
import { cardClass } from "../components/card.ts";
import { nameOf, SchemaFields } from "./schema-view.tsx";
import { words } from "./words.ts";

interface OperationViewProps {
  method: string;
  path: string;
  operation: Operation;
  schemas: OpenApi["components"]["schemas"];
}

/** One API call: what it does, its parameters, its response, its errors, and how to make it. */
export function OperationView({ method, path, operation, schemas }: OperationViewProps) {
  const body = operation.requestBody?.content["application/json"].schema;
  const response = operation.responses[200]?.content["application/json"]?.schema;
  const byKey = operation.security.some((way) => "apiKey" in way);
  const failures = Object.entries(operation.responses).filter(([status]) => status !== "200");
  return (
    <article id={operation.operationId} className={`${cardClass} min-w-0 scroll-mt-6 p-4 sm:p-5`}>
      <h3 className="font-mono text-sm font-semibold wrap-anywhere">
        <span className="mr-2 rounded-md bg-accent-soft px-1.5 py-0.5 text-accent">
          {method.toUpperCase()}
        </span>
        {path}
      </h3>
      <p className="mt-2">{operation.summary}</p>
      <p className="text-sm text-ink-soft">{operation.description.replaceAll("`", "")}</p>
      <div className="mt-4 grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <section>
          <h4 className="mb-1 text-sm font-semibold">{words.sent}</h4>
          {operation.parameters ? (
            <SchemaFields schema={asObject(operation.parameters)} sent />
          ) : body ? (
            <Named schema={body} schemas={schemas} sent />
          ) : (
            <p className="text-sm text-ink-soft">{words.nothingSent}</p>
          )}
        </section>
        <section>
          <h4 className="mb-1 text-sm font-semibold">{words.response}</h4>
          {response ? (
            <Named schema={response} schemas={schemas} />
          ) : (
            <p className="text-sm text-ink-soft">{words.events}</p>
          )}
        </section>
      </div>
      <pre className="mt-4 rounded-lg bg-sunken p-3 text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap">
        <code>{curlOf(method, path, { body: body !== undefined, byKey })}</code>
      </pre>
      <details className="mt-3 text-sm">
        <summary className="cursor-pointer rounded-sm py-1 font-medium">{words.failures}</summary>
        <dl className="mt-1 divide-y divide-line">
          {failures.flatMap(([status, { description }]) =>
            description.split("\n\n").map((line) => {
              const [, reason, message] = /^`(\w+)`: (.*)$/.exec(line) ?? [];
              return (
                <div key={reason} className="py-1.5">
                  <dt className="font-mono">
                    <span className="text-ink-soft tabular-nums">{status}</span> {reason}
                  </dt>
                  <dd className="text-ink-soft">{message}</dd>
                </div>
              );
            }),
          )}
        </dl>
      </details>
    </article>
  );
}

function Named({
  schema,
  schemas,
  sent,
}: {
  schema: Schema;
  schemas: OperationViewProps["schemas"];
  sent?: boolean;
}) {
  const named = (schema.$ref && schemas[nameOf(schema.$ref)]) || schema;
  if (named.properties && Object.keys(named.properties).length === 0) {
    return <p className="text-sm text-ink-soft">{words.nothingSent}</p>;
  }
  return <SchemaFields schema={named} sent={sent} />;
}

function asObject(parameters: NonNullable<Operation["parameters"]>): Schema {
  return {
    properties: Object.fromEntries(
      parameters.map(({ name, schema, description }) => [name, { ...schema, description }]),
    ),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  } as Schema;
}

/** The call in curl: with an API key, or with the cookies that a log-in by curl (`-c`) stored. */
export function curlOf(
  method: string,
  path: string,
  { body, byKey }: { body: boolean; byKey: boolean },
): string {
  const verb = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  const lines = [
    `curl${verb} "$FISCILITY_URL${path}"`,
    byKey ? `  -H "Authorization: Bearer $FISCILITY_API_KEY"` : `  -b cookies.txt`,
    ...(body ? [`  -H "Content-Type: application/json" -d @body.json`] : []),
  ];
  return lines.join(" \\\n");
}
