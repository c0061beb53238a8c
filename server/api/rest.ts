import camelcaseKeys from "camelcase-keys";
import { json, type Request, type RequestHandler, Router } from "express";
import snakecaseKeys from "snakecase-keys";
import { z } from "zod";
import { FiscilityError } from "../contracts/errors.ts";
import type { Context } from "./context.ts";
import { type Endpoint, endpoints } from "./endpoints.ts";
import { createCaller } from "./router.ts";
import { StreamedOutput, sendParts } from "./streamed-output.ts";
import { toFiscilityError } from "./trpc.ts";

type CreateContext = (req: Request) => Promise<Context>;

/**
 * The REST face of every procedure, below `/api/v1`: JSON in and out, snake_case as Plaid's. Fields
 * of a GET or DELETE stand in the path and the query, those of a POST in the body.
 */
export function createRestRouter(createContext: CreateContext, maxBody: number): Router {
  return routerOf(endpoints, createContext, maxBody);
}

/** The two addresses that the flow's specification names, below `/plaid`: the same procedures. */
export function createPlaidRouter(createContext: CreateContext, maxBody: number): Router {
  const paths: Record<string, string> = {
    "plaid.createLinkToken": "/create-link-token",
    connectAccount: "/exchange-token",
  };
  const twins = endpoints.flatMap((endpoint) => {
    const path = paths[endpoint.name];
    return path ? [{ ...endpoint, path }] : [];
  });
  return routerOf(twins, createContext, maxBody);
}

function routerOf(
  served: readonly Endpoint[],
  createContext: CreateContext,
  maxBody: number,
): Router {
  const router = Router();
  router.use(refuseOtherBodies, json({ limit: maxBody, inflate: false }));
  const pattern = ({ path }: Endpoint) => path.replace(/\{(\w+)\}/g, ":$1");
  for (const endpoint of served) {
    const method = endpoint.method.toLowerCase() as "get" | "post" | "delete";
    router[method](pattern(endpoint), async (req, res, next) => {
      try {
        const context = await createContext(req);
        const output = await call(endpoint, context, inputOf(endpoint, req));
        const snake = (part: object) => snakecaseKeys({ ...part }, { deep: true });
        if (output instanceof StreamedOutput) await sendParts(res.type("json"), output.json(snake));
        else res.json(snake(output));
      } catch (error) {
        const fields: unknown = method === "post" ? req.body : req.query;
        next(asWritten(error, { ...(fields as object), ...req.params }));
      }
    });
  }
  for (const path of new Set(served.map(pattern))) {
    const allowed = served.filter((endpoint) => pattern(endpoint) === path);
    router.all(path, (_req, res, next) => {
      res.set("allow", allowed.map(({ method }) => method).join(", "));
      next(new FiscilityError("method_not_allowed"));
    });
  }
  return router;
}

/** Calls a procedure in-process by its dotted name, with all the checks of a call from outside. */
async function call(endpoint: Endpoint, context: Context, input: unknown) {
  let target: unknown = createCaller(context);
  for (const part of endpoint.name.split(".")) target = (target as Record<string, unknown>)[part];
  return (target as (input: unknown) => Promise<Record<string, unknown>>)(input);
}

function inputOf({ method, input }: Endpoint, req: Request): unknown {
  if (!input) return undefined;
  if (method === "POST") {
    const body: unknown = req.body ?? {};
    return isRecord(body) ? camelCase({ ...body, ...req.params }) : body;
  }
  refuseDoubled(req.query);
  const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  const fields = Object.entries(camelcaseKeys({ ...req.query, ...req.params }));
  return Object.fromEntries(
    fields.map(([name, text]) => [name, typed(text, properties[name] as { type?: string })]),
  );
}

/** Of `item_id` and `itemId` in one object the last would be taken, and the other passed over in silence. */
function refuseDoubled(sent: unknown, path = ""): void {
  if (Array.isArray(sent)) {
    for (const [place, one] of sent.entries()) refuseDoubled(one, `${path}${place}.`);
  }
  if (!isRecord(sent)) return;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(sent)) {
    const field = fieldOf(name);
    const other = fields.get(field);
    if (other !== undefined) {
      const issue = { path: path + field, message: `Given as "${other}" and as "${name}"` };
      throw new FiscilityError("invalid_input", { details: { issues: [issue] } });
    }
    fields.set(field, name);
    refuseDoubled(value, `${path}${field}.`);
  }
}

/** Both call themselves for each level, and a body may have more of them than the stack has room for. */
function camelCase(body: Record<string, unknown>): unknown {
  try {
    refuseDoubled(body);
    return camelcaseKeys(body, { deep: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const issues = [{ path: "", message: "Nested too deeply" }];
    throw new FiscilityError("invalid_input", { details: { issues }, cause });
  }
}

/**
 * `invalid_input` with the fields under the names that the caller gave them. One that is missing is
 * named as the document does.
 */
function asWritten(error: unknown, sent: unknown): unknown {
  const { reason, details } = toFiscilityError(error);
  if (reason !== "invalid_input" || !details || !("issues" in details)) return error;
  const issues = details.issues.map(({ path, message }) => {
    let within = sent;
    const names = path.split(".").map((field) => {
      const name = writtenName(field, within);
      if (name !== "") within = (within as Record<string, unknown> | undefined)?.[name];
      return name;
    });
    const said = message.startsWith("Unrecognized key")
      ? message.replace(/"(\w+)"/g, (_, field: string) => `"${writtenName(field, within)}"`)
      : message;
    return { path: names.join("."), message: said };
  });
  return new FiscilityError("invalid_input", { details: { issues } });
}

/** The name in an object of the caller's that we read as `field`. */
function writtenName(field: string, sent: unknown): string {
  const names = isRecord(sent) ? Object.keys(sent) : [];
  return names.find((name) => fieldOf(name) === field) ?? snakeCase(field);
}

/** The field that a name of the caller's is read as. */
const fieldOf = (name: string) => Object.keys(camelcaseKeys({ [name]: 0 }))[0] ?? name;

const snakeCase = (field: string) => Object.keys(snakecaseKeys({ [field]: 0 }))[0] ?? field;

/** A query string has no types: what the schema takes as a number or a truth value is read as one. */
function typed(text: unknown, schema: { type?: string } | undefined): unknown {
  if (typeof text !== "string") return text;
  if (schema?.type === "number" || schema?.type === "integer") return text === "" ? text : +text;
  if (schema?.type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  return text;
}

const refuseOtherBodies: RequestHandler = (req, _res, next) => {
  const empty = req.headers["content-length"] === "0";
  if (!empty && req.is("application/json") === false)
    next(new FiscilityError("unsupported_media_type"));
  else next();
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
