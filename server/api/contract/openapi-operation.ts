import type { Schema } from "./json-schema.ts";
import type { Responses } from "./openapi-failures.ts";

/** One way to call a procedure, as the OpenAPI document describes it. */
export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: {
    name: string;
    in: "path" | "query" | "header";
    description?: string;
    required: boolean;
    schema: Schema;
  }[];
  requestBody?: {
    required: boolean;
    content: { "application/json": { schema: Schema; example: unknown } };
  };
  responses: Responses;
}
