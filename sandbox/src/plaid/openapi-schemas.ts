/**
 * Plaid's published OpenAPI 3.0 description as JSON Schema validators.
 * `../../openapi/openapi-subset.json` is the source of every request and response shape.
 */
import { readFileSync } from "node:fs";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

interface Operation {
  /** The name of the SDK's method. */
  operationId: string;
  requestBody?: { content: { "application/json": { schema: Json } } };
  responses: Record<
    string,
    { content?: { "application/json"?: { schema: Json }; "application/pdf"?: { schema: Json } } }
  >;
}
interface OpenApi {
  paths: Record<string, { post: Operation }>;
  components: { schemas: JsonObject };
}

/** Reads one of the documents kept in `sandbox/openapi/`. */
export function readOpenApiDocument(name: "openapi-subset" | "webhook-schemas"): OpenApi {
  const url = new URL(`../../openapi/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as OpenApi;
}

const EXCLUSIVE_BOUNDS = [
  ["exclusiveMinimum", "minimum"],
  ["exclusiveMaximum", "maximum"],
] as const;

/**
 * Translates OpenAPI 3.0's `nullable` to JSON Schema. With `closed`, objects that name their
 * properties reject others, as Plaid's API does with UNKNOWN_FIELDS.
 */
export function toJsonSchema(schema: Json, closed: boolean): Json {
  if (Array.isArray(schema)) return schema.map((part) => toJsonSchema(part, closed));
  if (schema === null || typeof schema !== "object") return schema;
  const { nullable, example, discriminator, ...rest } = schema;
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key === "properties" && value && typeof value === "object" && !Array.isArray(value)) {
      const properties: JsonObject = {};
      for (const [name, part] of Object.entries(value))
        properties[name] = toJsonSchema(part, closed);
      out.properties = properties;
    } else {
      out[key] = toJsonSchema(value, closed);
    }
  }
  // OpenAPI 3.0 has these as flags beside the bound; JSON Schema has them instead of the bound.
  for (const [flag, bound] of EXCLUSIVE_BOUNDS) {
    if (out[flag] === true) {
      out[flag] = out[bound] ?? 0;
      delete out[bound];
    } else if (out[flag] === false) {
      delete out[flag];
    }
  }
  if (closed && out.properties && out.additionalProperties === undefined) {
    out.additionalProperties = false;
  }
  if (nullable !== true) return out;
  if (typeof out.type !== "string") return { anyOf: [out, { type: "null" }] };
  out.type = [out.type, "null"];
  if (Array.isArray(out.enum) && !out.enum.includes(null)) out.enum = [...out.enum, null];
  return out;
}

/** An ajv that resolves `plaid#/components/schemas/<name>` against the document. */
export function plaidAjv(document: OpenApi, closed: boolean): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  // ajv-formats' own "url" wants a public top-level domain; a webhook on localhost is legal here.
  ajv.addFormat("url", (value: string) => /^https?:$/.test(URL.parse(value)?.protocol ?? ""));
  const schemas = toJsonSchema(document.components.schemas, closed);
  ajv.addSchema({ $id: "plaid", components: { schemas } });
  return ajv;
}

/** Absolute reference for a schema written as `#/components/schemas/...` in the document. */
export function absoluteReference(schema: Json): JsonObject {
  const reference = (schema as { $ref: string }).$ref;
  return { $ref: `plaid${reference}` };
}

function isRecord(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function hasOwn(value: JsonObject, name: string): boolean {
  return Object.hasOwn(value, name);
}

/** Sets a property of any name, `__proto__` too. */
function define(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function holdsNull(value: unknown): boolean {
  if (value === null || typeof value !== "object") return value === null;
  return Object.values(value).some(holdsNull);
}

/** Finds and caches the validator of each path's request body. Compiles on first use. */
export class RequestSchemas {
  readonly #document = readOpenApiDocument("openapi-subset");
  /** Made for the first request, because it takes as long as the rest of the start. */
  #ajv: Ajv | null = null;
  readonly #validators = new Map<string, ValidateFunction>();

  /** Every path of the document, e.g. `/item/get`. */
  paths(): string[] {
    return Object.keys(this.#document.paths);
  }

  /** The body without the optional fields that are null, which Plaid treats as absent. */
  withoutNulls(path: string, body: object): object {
    if (!holdsNull(body)) return body;
    const schema = this.#document.paths[path]?.post.requestBody?.content["application/json"].schema;
    return schema === undefined ? body : (this.#dropNulls(schema, body as Json) as object);
  }

  #dropNulls(schema: Json, value: Json): Json {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) {
      const items = this.#parts(schema).find((part) => part.items !== undefined)?.items;
      return items === undefined ? value : value.map((entry) => this.#dropNulls(items, entry));
    }
    const parts = this.#parts(schema);
    const kept: JsonObject = {};
    for (const [name, field] of Object.entries(value)) {
      const owner = parts.find(
        ({ properties }) => isRecord(properties) && hasOwn(properties, name),
      );
      if (!owner) {
        // Kept, so that an unknown field is rejected by name even when it is null.
        define(kept, name, field);
        continue;
      }
      const required = Array.isArray(owner.required) && owner.required.includes(name);
      if (field === null && !required) continue;
      define(kept, name, this.#dropNulls((owner.properties as JsonObject)[name] ?? {}, field));
    }
    return kept;
  }

  /** The schema and all schemas that it refers to or contains. */
  #parts(schema: Json): JsonObject[] {
    if (!isRecord(schema)) return [];
    if (typeof schema.$ref === "string") {
      const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
      return this.#parts(this.#document.components.schemas[name] ?? {});
    }
    const combined = Array.isArray(schema.allOf) ? schema.allOf : [];
    return [schema, ...combined.flatMap((part) => this.#parts(part))];
  }

  /** Problems of a request body against the path's schema; empty when there are none. */
  problems(path: string, body: unknown): ErrorObject[] {
    let validate = this.#validators.get(path);
    if (!validate) {
      const schema =
        this.#document.paths[path]?.post.requestBody?.content["application/json"].schema;
      if (schema === undefined) throw new Error(`no request schema for ${path}`);
      this.#ajv ??= plaidAjv(this.#document, true);
      validate = this.#ajv.compile(absoluteReference(schema));
      this.#validators.set(path, validate);
    }
    return validate(body) ? [] : (validate.errors ?? []);
  }
}
