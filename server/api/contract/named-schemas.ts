import { z } from "zod";
import * as account from "../../contracts/account.ts";
import * as accounts from "../../contracts/accounts.ts";
import * as activity from "../../contracts/activity.ts";
import * as apiKeys from "../../contracts/api-keys.ts";
import * as connect from "../../contracts/connect.ts";
import * as connections from "../../contracts/connections.ts";
import * as consents from "../../contracts/consents.ts";
import * as insights from "../../contracts/insights.ts";
import * as itemProblem from "../../contracts/item-problem-schema.ts";
import * as live from "../../contracts/live.ts";
import * as mail from "../../contracts/mail.ts";
import * as plan from "../../contracts/plan.ts";
import * as secondFactors from "../../contracts/second-factors.ts";
import * as securityEvents from "../../contracts/security-events.ts";
import * as session from "../../contracts/session.ts";
import * as stepUp from "../../contracts/step-up.ts";
import * as timeline from "../../contracts/timeline.ts";
import * as transactions from "../../contracts/transactions.ts";
import * as webhookEndpoints from "../../contracts/webhook-endpoints.ts";
import * as webhookEvents from "../../contracts/webhook-events.ts";
import { options, type Schema } from "./json-schema.ts";

const modules = [
  account,
  accounts,
  activity,
  apiKeys,
  connect,
  connections,
  consents,
  insights,
  itemProblem,
  live,
  { noticeKind: mail.noticeKind },
  plan,
  secondFactors,
  {
    securityEvent: securityEvents.securityEvent,
    securityEventKind: securityEvents.securityEventKind,
  },
  { viewer: session.viewer, logIn: session.logIn, session: session.session },
  stepUp,
  timeline,
  transactions,
  webhookEndpoints,
  webhookEvents,
];

const registry = z.registry<{ id: string }>();
const names = new Map<z.ZodType, string>();
for (const module of modules) {
  // Sorted, because the order of a module's exports depends on who loads it first.
  for (const name of Object.keys(module).sort()) {
    const value = (module as Record<string, z.ZodType>)[name] as z.ZodType;
    const schema = bare(value);
    if (names.has(schema)) continue;
    const id = name.charAt(0).toUpperCase() + name.slice(1);
    names.set(schema, id);
    registry.add(schema, { id });
  }
}

/**
 * Returns every exported schema of the contracts as JSON Schema, by its capitalized name. They refer to each
 * other.
 */
export function namedSchemas(): Record<string, Schema> {
  const uri = (id: string) => `#/components/schemas/${id}`;
  const { schemas } = z.toJSONSchema(registry, { ...options, uri });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $id: _, $schema: __, id: ___, ...rest } = schema as Schema;
      return [id, rest];
    }),
  );
}

/** Returns the name of a procedure's schema. */
export function nameOfSchema(schema: z.ZodType): string {
  const name = names.get(bare(schema));
  if (!name) {
    const fields =
      schema instanceof z.ZodObject ? Object.keys(schema.shape).join(", ") : "no object";
    throw new Error(
      `A procedure's schema (${fields}) has no name: export it from a module of server/contracts/ that server/api/contract/named-schemas.ts lists`,
    );
  }
  return name;
}

/** An optional input has the name of its required version. */
function bare(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
}
