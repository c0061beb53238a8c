import type { z } from "zod";
import type { Reason } from "../../contracts/errors.ts";
import type { ProcedureMeta } from "../procedure-meta.ts";
import { appRouter } from "../router.ts";

/** A query or mutation as REST, OpenAPI and the contract see it. */
export interface Endpoint {
  /** Dotted, as the typed client calls it: `accounts.list`. */
  name: string;
  type: "query" | "mutation";
  method: "GET" | "POST" | "DELETE";
  /** Below `/api/v1`, with `{name}` for a field of the input. */
  path: string;
  scope: ProcedureMeta["scope"];
  /** Requires a step-up: see `ProcedureMeta`. */
  stepUp: boolean;
  summary: string;
  reasons: readonly Reason[];
  input: z.ZodType | null;
  output: z.ZodType;
  /** The response is streamed; over REST also as NDJSON and CSV. */
  isStreamed: boolean;
}

/** A stream of events, available only over tRPC. */
export interface Subscription {
  name: string;
  summary: string;
  scope: ProcedureMeta["scope"];
  input: z.ZodType | null;
  /** The schema of one event. */
  event: z.ZodType;
}

/** What tRPC stores of a built procedure. https://trpc.io/docs/server/metadata */
interface BuiltProcedure {
  _def: {
    type: Endpoint["type"] | "subscription";
    meta?: ProcedureMeta;
    inputs: z.ZodType[];
    output?: z.ZodType;
  };
}

/** Every procedure of the router. Derived, so that none can be missing. */
const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, BuiltProcedure>,
).map(([name, { _def }]) => {
  const { type, meta, inputs } = _def;
  const output = _def.output ?? meta?.cached ?? meta?.streamed;
  if (!meta || !output || inputs.length > 1) {
    throw new Error(`${name} needs its meta, one input schema at most, and an output schema`);
  }
  return { name, type, meta, input: inputs[0] ?? null, output };
});

export const endpoints: readonly Endpoint[] = procedures.flatMap(
  ({ name, type, meta, input, output }) => {
    if (type === "subscription") return [];
    if (!meta.rest) throw new Error(`${name} needs a REST address below /api/v1`);
    const [method, path] = meta.rest.split(" ") as [Endpoint["method"], string];
    const { scope, stepUp = false, summary, reasons: own = [] } = meta;
    const reasons: readonly Reason[] = stepUp ? ["step_up_required", ...own] : own;
    const isStreamed = meta.streamed !== undefined;
    return { name, type, method, path, scope, stepUp, summary, reasons, input, output, isStreamed };
  },
);

export const subscriptions: readonly Subscription[] = procedures.flatMap(
  ({ name, type, meta: { scope, summary, event }, input }) => {
    if (type !== "subscription") return [];
    if (!event) throw new Error(`${name} needs the schema of its events`);
    return { name, summary, scope, input, event };
  },
);
