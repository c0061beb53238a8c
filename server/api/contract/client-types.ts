import { reasonDetails } from "../../contracts/reason-details.ts";
import { endpoints, subscriptions } from "./endpoints.ts";
import { type Schema, toContractSchema } from "./json-schema.ts";
import { namedSchemas, nameOfSchema } from "./named-schemas.ts";

const written =
  "// Written by `npm run contract -- --write` from the contracts and the procedures: change those.";

/**
 * Returns the files of `client/src` that declare what an API key can call and every object in it, as plain
 * TypeScript with the documentation of the contracts and procedures. An editor needs neither zod nor tRPC to
 * show them.
 */
export function createClientTypes(): Record<"objects.ts" | "procedures.ts", string> {
  const byKey = endpoints.filter(({ scope }) => scope !== "session");
  const callable = [
    ...byKey.map(({ name, type }) => [name, type]),
    ...subscriptions.map(({ name }) => [name, "subscription"]),
  ];
  const details = { properties: detailSchemas(), required: Object.keys(reasonDetails) };
  const procedures = `export interface Procedures ${procedureTree()}\n`;
  const taken = [...procedures.matchAll(/<(\w+)(?: \| undefined)?, (\w+)>/g)]
    .flatMap(([, input, output]) => [input, output])
    .filter((name) => name !== "undefined");
  return {
    "objects.ts": indented(
      [
        `${written}\n`,
        ...[...objects()].map(([, text]) => text),
        "/** What some reasons carry beside their name. */",
        `export interface ReasonDetails ${objectType(details)}\n`,
      ].join("\n"),
    ),
    "procedures.ts": indented(
      [
        written,
        'import type { Mutation, Query, Subscription } from "./call.ts";',
        `import type {\n${[...new Set(taken)].map((name) => `${name},`).join("\n")}\n} from "./objects.ts";\n`,
        "/** Every procedure that an API key can call. */",
        procedures,
        `export const procedureTypes = ${callableTable(callable)} as const;\n`,
      ].join("\n"),
    ),
  };
}

const callableTable = (callable: string[][]) =>
  `{\n${callable.map(([name, type]) => `"${name}": "${type}",`).join("\n")}\n}`;

/** The named objects that such a call takes or returns, and those they contain. */
function* objects(): Generator<[name: string, text: string]> {
  const schemas = namedSchemas();
  const roots = [
    ...endpoints
      .filter(({ scope }) => scope !== "session")
      .flatMap(({ input, output }) => [input, output]),
    ...subscriptions.flatMap(({ input, event }) => [input, event]),
  ].flatMap((schema) => (schema ? nameOfSchema(schema) : []));
  const used = new Set<string>();
  const use = (name: string) => {
    if (used.has(name)) return;
    used.add(name);
    const text = JSON.stringify(schemas[name]);
    for (const [, inner] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) use(inner as string);
  };
  for (const name of [...roots, "Scope", "TransactionFilter"]) use(name);
  for (const [name, schema] of Object.entries(schemas)) {
    if (!used.has(name)) continue;
    const comment = schema.description ? `${documented([schema.description])}\n` : "";
    yield [
      name,
      schema.properties
        ? `${comment}export interface ${name} ${objectType(schema)}\n`
        : `${comment}export type ${name} = ${typeOf(schema)};\n`,
    ];
  }
}

const detailSchemas = () =>
  Object.fromEntries(
    Object.entries(reasonDetails).map(([reason, schema]) => [reason, toContractSchema(schema)]),
  );

function procedureTree(): string {
  interface Branch {
    [name: string]: string | Branch;
  }
  const tree: Branch = {};
  const place = (name: string, procedure: string) => {
    const parts = name.split(".");
    const last = parts.pop() as string;
    let branch = tree;
    for (const part of parts) {
      branch[part] ??= {};
      branch = branch[part] as Branch;
    }
    branch[last] = procedure;
  };
  const inputOf = (input: Parameters<typeof nameOfSchema>[0] | null) =>
    input
      ? `${nameOfSchema(input)}${input.safeParse(undefined).success ? " | undefined" : ""}`
      : "undefined";
  for (const { name, type, scope, summary, method, path, reasons, input, output } of endpoints) {
    if (scope === "session") continue;
    const throws = reasons.filter((reason) => reason !== "step_up_required");
    const comment = documented([
      summary,
      "",
      `Scope: \`${scope}\`. REST: \`${method} /api/v1${path}\`.`,
      ...(throws.length > 0
        ? [
            `@throws FiscilityError: ${throws.map((reason) => `\`${reason}\``).join(", ")}, and what any call can fail with.`,
          ]
        : []),
    ]);
    const kind = type === "query" ? "Query" : "Mutation";
    place(name, `${comment}\n$: ${kind}<${inputOf(input)}, ${nameOfSchema(output)}>`);
  }
  for (const { name, scope, summary, input, event } of subscriptions) {
    const comment = documented([summary, "", `Scope: \`${scope}\`.`]);
    place(name, `${comment}\n$: Subscription<${inputOf(input)}, ${nameOfSchema(event)}>`);
  }
  const write = (branch: Branch): string =>
    `{\n${Object.entries(branch)
      .map(([name, inner]) =>
        typeof inner === "string" ? inner.replace("$", name) : `${name}: ${write(inner)}`,
      )
      .join(";\n")};\n}`;
  return write(tree);
}

function documented(lines: string[]): string {
  return lines.length === 1
    ? `/** ${lines[0]} */`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */`;
}

function objectType({ properties = {}, required = [] }: Schema): string {
  const fields = Object.entries(properties as Record<string, Schema>).map(([name, schema]) => {
    const comment = schema.description ? `${documented([schema.description])}\n` : "";
    // An optional field also accepts a variable that is undefined.
    const isOptional = !required.includes(name);
    return `${comment}${name}${isOptional ? "?" : ""}: ${typeOf(schema)}${isOptional ? " | undefined" : ""};`;
  });
  return `{\n${fields.join("\n")}\n}`;
}

function indented(text: string): string {
  let depth = 0;
  return text
    .split("\n")
    .map((line) => {
      if (/^\}/.test(line)) depth--;
      const indent = line === "" ? "" : "  ".repeat(depth);
      if (/\{$/.test(line)) depth++;
      return indent + line;
    })
    .join("\n");
}

/** Handles the subset of JSON Schema that zod writes for the contracts. */
function typeOf(schema: Schema): string {
  const { $ref, const: value, enum: values, anyOf, oneOf, type } = schema;
  if ($ref) return $ref.slice($ref.lastIndexOf("/") + 1);
  if (value !== undefined) return JSON.stringify(value);
  if (values) return values.map((each) => JSON.stringify(each)).join(" | ");
  const choices = (anyOf ?? oneOf ?? (schema.allOf as Schema[] | undefined)) as
    | Schema[]
    | undefined;
  if (choices) return [...new Set(choices.map(typeOf))].join(" | ");
  if (Array.isArray(type)) return type.map((each) => typeOf({ type: each } as Schema)).join(" | ");
  switch (type) {
    case "array":
      return `${schema.readOnly ? "readonly " : ""}${listOf(typeOf((schema.items ?? {}) as Schema))}`;
    case "object":
      return schema.properties
        ? objectType(schema)
        : `Record<string, ${typeOf((schema.additionalProperties ?? {}) as Schema)}>`;
    case "integer":
      return "number";
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    default:
      return "unknown";
  }
}

const listOf = (element: string) =>
  /^[^{]* \| /.test(element) ? `(${element})[]` : `${element}[]`;
