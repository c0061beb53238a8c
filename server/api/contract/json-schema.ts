import snakecaseKeys from "snakecase-keys";
import { z } from "zod";

/** A JSON Schema (2020-12), which OpenAPI 3.1 uses too. */
export type Schema = z.core.JSONSchema.JSONSchema;

/** Returns a schema of the contracts with its own field names. */
export function toContractSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, options) as Schema;
  return rest;
}

/** The same with REST's field names. */
export function toJsonSchema(schema: z.ZodType): Schema {
  return snake(toContractSchema(schema));
}

/** How zod writes every schema. */
export const options = {
  // The caller's view. It also allows additional fields later, except in strict inputs.
  io: "input" as const,
  // The format is enough; zod's regular expression for it is a page long.
  override: ({ jsonSchema }: { jsonSchema: Schema }) => {
    if (jsonSchema.format) delete jsonSchema.pattern;
  },
};

/** Returns the schema with REST's field names. */
export function snake(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map(snake) as unknown as Schema;
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === "properties") {
        const fields = Object.entries(value as Record<string, Schema>);
        const renamed = fields.map(([field, inner]) => [field, snake(inner)]);
        return [key, snakecaseKeys(Object.fromEntries(renamed), { deep: false })];
      }
      if (key === "required") {
        const names = Object.fromEntries((value as string[]).map((name) => [name, 0]));
        return [key, Object.keys(snakecaseKeys(names))];
      }
      return [key, key === "enum" || key === "const" ? value : snake(value as Schema)];
    }),
  );
}
