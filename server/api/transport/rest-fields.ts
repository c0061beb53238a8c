import snakecaseKeys from "snakecase-keys";
import { z } from "zod";
import { FiscilityError, type ReasonDetails } from "../../contracts/errors.ts";
import { maxIssues } from "../../contracts/issues.ts";

type Schema = z.core.JSONSchema.JSONSchema;
type Issue = ReasonDetails["invalid_input"]["issues"][number];

/** The part of a schema that renaming needs. Null when no field below it is renamed. */
interface Shape {
  /** For an object: its fields, by both names that a caller may use. */
  fields: Map<string, Field>;
  /** For an array: its elements. */
  element: Shape | null;
}

interface Field {
  /** The contract's name: `itemId`. */
  camel: string;
  /** The documented name: `item_id`. */
  snake: string;
  type: Schema["type"];
  shape: Shape | null;
}

/** Renames the fields of one endpoint between REST and its contract. */
export interface RestFields {
  /**
   * Returns a JSON body with the contract's field names. Unknown fields keep their names and values, so that
   * the schema rejects them. More of them than an error reports are left out, because copying costs.
   *
   * @throws FiscilityError `invalid_input` when a field is sent under both of its names
   */
  read(body: unknown): unknown;
  /** The same for a query string, where numbers and booleans are text. */
  readText(query: Record<string, unknown>): unknown;
  /** Returns an issue's path with the names that the caller used in `sent`, or else the documented ones. */
  asSent(issue: Issue, sent: unknown): Issue;
}

/** Built once for each endpoint. `input` is its procedure's schema. */
export function restFields(input: z.ZodType): RestFields {
  const shape = shapeOf(z.toJSONSchema(input, { io: "input", unrepresentable: "any" }));
  return {
    read: (body) => rename(body, shape, ""),
    readText(query) {
      const named = rename(query, shape, "") as Record<string, unknown>;
      return Object.fromEntries(
        Object.entries(named).map(([name, text]) => [
          name,
          typed(text, shape?.fields.get(name)?.type),
        ]),
      );
    },
    asSent: ({ path, message }, sent) => ({ path: pathAsSent(path, shape, sent), message }),
  };
}

function shapeOf(schema: Schema): Shape | null {
  if (schema.anyOf) {
    // A nullable field is a choice too, and only one of the choices has fields.
    return schema.anyOf.map((choice) => shapeOf(choice as Schema)).find(Boolean) ?? null;
  }
  if (schema.items) {
    const element = shapeOf(schema.items as Schema);
    return element && { fields: new Map(), element };
  }
  if (!schema.properties) return null;
  const fields = new Map<string, Field>();
  for (const [camel, inner] of Object.entries(schema.properties as Record<string, Schema>)) {
    const [snake = camel] = Object.keys(snakecaseKeys({ [camel]: 0 }));
    const field = { camel, snake, type: inner.type, shape: shapeOf(inner) };
    fields.set(camel, field).set(snake, field);
  }
  return { fields, element: null };
}

/** Recurses no deeper than the schema. */
function rename(sent: unknown, shape: Shape | null, path: string): unknown {
  if (!shape) return sent;
  if (Array.isArray(sent)) {
    const { element } = shape;
    return element ? sent.map((one, at) => rename(one, element, `${path}${at}.`)) : sent;
  }
  if (!isRecord(sent)) return sent;
  const names = new Map<Field, string>();
  const entries: [string, unknown][] = [];
  let unknown = 0;
  for (const name of Object.keys(sent)) {
    const field = shape.fields.get(name);
    if (!field) {
      unknown += 1;
      if (unknown <= maxIssues + 1) entries.push([name, sent[name]]);
      continue;
    }
    const other = names.get(field);
    if (other !== undefined) {
      const issues = [
        { path: path + field.camel, message: `Given as "${other}" and as "${name}"` },
      ];
      throw new FiscilityError("invalid_input", { details: { issues } });
    }
    names.set(field, name);
    entries.push([field.camel, rename(sent[name], field.shape, `${path}${field.camel}.`)]);
  }
  // Makes `__proto__` an ordinary field, which an assignment would not.
  return Object.fromEntries(entries);
}

function typed(text: unknown, type: Schema["type"]): unknown {
  if (typeof text !== "string") return text;
  if (type === "number" || type === "integer") return text === "" ? text : +text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function pathAsSent(path: string, root: Shape | null, sent: unknown): string {
  let shape = root;
  let value = sent;
  const names = path.split(".").map((part) => {
    const field = shape?.fields.get(part);
    const given = isRecord(value) || Array.isArray(value) ? (value as object) : {};
    const camel = field !== undefined && Object.hasOwn(given, field.camel);
    const snake = field !== undefined && Object.hasOwn(given, field.snake);
    const name = field === undefined || (camel && !snake) ? part : field.snake;
    value = (given as Record<string, unknown>)[name];
    shape = field ? field.shape : (shape?.element ?? null);
    return name;
  });
  return names.join(".");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
