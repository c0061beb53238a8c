import { z } from "zod";
import { reasons } from "../../contracts/errors.ts";
import { reasonDetails } from "../../contracts/reason-details.ts";
import { endpoints, subscriptions } from "./endpoints.ts";

export type Schema = z.core.JSONSchema.JSONSchema;

/** Everything that an outside program relies on, as data: stored in `client/contract.json`. */
export interface Contract {
  /** The version of `@fiscility/client` that published it. */
  version: string;
  procedures: Record<
    string,
    // The `output` of a subscription is the schema of one event.
    {
      type: string;
      scope: string;
      stepUp: boolean;
      rest: string | null;
      input: Schema | null;
      output: Schema;
    }
  >;
  reasons: Record<string, { status: number; retryable: boolean; details: Schema | null }>;
}

/** Returns the current contract of the code. */
export function createContract(version: string): Contract {
  const schemaOf = (schema: z.ZodType): Schema => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
    return rest;
  };
  return {
    version,
    procedures: Object.fromEntries([
      ...endpoints.map(({ name, type, scope, stepUp, method, path, input, output }) => [
        name,
        {
          type,
          scope,
          stepUp,
          rest: `${method} ${path}`,
          input: input && schemaOf(input),
          output: schemaOf(output),
        },
      ]),
      ...subscriptions.map(({ name, scope, input, event }) => [
        name,
        {
          type: "subscription",
          scope,
          stepUp: false,
          rest: null,
          input: input && schemaOf(input),
          output: schemaOf(event),
        },
      ]),
    ]),
    reasons: Object.fromEntries(
      Object.entries(reasons).map(([reason, { status, retryable }]) => {
        const details = Object.entries(reasonDetails).find(([name]) => name === reason)?.[1];
        return [reason, { status, retryable, details: details ? schemaOf(details) : null }];
      }),
    ),
  };
}
