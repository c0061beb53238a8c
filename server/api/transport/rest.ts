import type { ParsedUrlQuery } from "node:querystring";
import { type Request, type Response, Router } from "express";
import { LRUCache } from "lru-cache";
import snakecaseKeys from "snakecase-keys";
import { FiscilityError } from "../../contracts/errors.ts";
import type { Context } from "../context.ts";
import { type Endpoint, endpoints } from "../contract/endpoints.ts";
import { callProcedure } from "../router.ts";
import { StreamedOutput, sendParts } from "../streamed-output.ts";
import { toFiscilityError } from "../trpc.ts";
import { type RestFields, restFields } from "./rest-fields.ts";
import type { SendWhole } from "./sender.ts";

type CreateContext = (req: Request) => Promise<Context>;

/**
 * REST for every procedure, below `/api/v1`: JSON with snake_case fields, like Plaid's. A GET or DELETE has
 * its fields in the path and the query, a POST in the body.
 */
export function createRestRouter(createContext: CreateContext, sendWhole: SendWhole): Router {
  return routerOf(endpoints, createContext, sendWhole);
}

/** The two addresses of the flow's specification, below `/plaid`, for the same procedures. */
export function createPlaidRouter(createContext: CreateContext, sendWhole: SendWhole): Router {
  const paths: Record<string, string> = {
    "plaid.createLinkToken": "/create-link-token",
    connectAccount: "/exchange-token",
  };
  const twins = endpoints.flatMap((endpoint) => {
    const path = paths[endpoint.name];
    return path ? [{ ...endpoint, path }] : [];
  });
  return routerOf(twins, createContext, sendWhole);
}

function routerOf(
  served: readonly Endpoint[],
  createContext: CreateContext,
  sendWhole: SendWhole,
): Router {
  const router = Router();
  const pattern = ({ path }: Endpoint) => path.replace(/\{(\w+)\}/g, ":$1");
  for (const endpoint of served) {
    const method = endpoint.method.toLowerCase() as "get" | "post" | "delete";
    const fields = endpoint.input && restFields(endpoint.input);
    router[method](pattern(endpoint), async (req, res, next) => {
      let sent: unknown;
      const readInput = () => {
        sent = sentFields(endpoint, req);
        return method === "post" ? fields?.read(sent) : fields?.readText(sent as ParsedUrlQuery);
      };
      try {
        const context = await createContext(req);
        const output = await callProcedure(endpoint.name, context, readInput);
        if (output instanceof StreamedOutput) await sendStreamed(req, res, output);
        else {
          // Express' own `json` takes several times as long.
          res.setHeader("content-type", "application/json; charset=utf-8");
          sendWhole(req, res, toJson(output as object));
        }
      } catch (error) {
        next(asSent(error, fields, sent));
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

/** Sends the format that the `Accept` header prefers; JSON by default. */
async function sendStreamed(req: Request, res: Response, output: StreamedOutput): Promise<void> {
  const accepted = req.accepts(Object.keys(streamedTypes));
  const type = (accepted || "application/json") as keyof typeof streamedTypes;
  await sendParts(res.vary("accept").type(type), streamedTypes[type](output));
}

/** The documented name of each field of the outputs. Converting a name takes longer than the rest of REST. */
const snakeNames = new LRUCache<string, string>({ max: 2_000 });

function snakeName(camel: string): string {
  const known = snakeNames.get(camel);
  if (known !== undefined) return known;
  const [snake = camel] = Object.keys(snakecaseKeys({ [camel]: 0 }));
  snakeNames.set(camel, snake);
  return snake;
}

const snake = (part: object): object =>
  snakecaseKeys({ ...part }, { deep: true, snakeCase: snakeName });

/** The JSON of outputs from the cache, which many calls share and nothing can change. */
const jsonOfShared = new WeakMap<object, string>();

function toJson(output: object): string {
  const known = jsonOfShared.get(output);
  if (known !== undefined) return known;
  const json = JSON.stringify(snake(output));
  if (Object.isFrozen(output)) jsonOfShared.set(output, json);
  return json;
}

const streamedTypes = {
  "application/json": (output: StreamedOutput) => output.json(snake),
  "application/x-ndjson": (output: StreamedOutput) => output.ndjson(snake),
  "text/csv": (output: StreamedOutput) => output.csv(snake),
};

/**
 * The fields as the caller sent them: from the path and the query for GET and DELETE, from the body for POST.
 */
function sentFields({ method }: Endpoint, req: Request): unknown {
  if (method !== "POST") return { ...req.query, ...req.params };
  const body = bodyOf(req);
  const inPath = Object.keys(req.params).length > 0;
  return inPath && !Array.isArray(body) ? { ...body, ...req.params } : body;
}

/** Parses the JSON object or array of a text body; `{}` when there is none. */
function bodyOf({ body }: Request): object {
  if (body === undefined || body === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (cause) {
    throw new FiscilityError("invalid_json", { cause });
  }
  if (typeof parsed !== "object" || parsed === null) throw new FiscilityError("invalid_json");
  return parsed;
}

/** Returns `invalid_input` with the field names that the caller used. */
function asSent(error: unknown, fields: RestFields | null, sent: unknown): unknown {
  const { reason, details } = toFiscilityError(error);
  if (reason !== "invalid_input" || !fields || !details || !("issues" in details)) return error;
  const issues = details.issues.map((issue) => fields.asSent(issue, sent));
  return new FiscilityError("invalid_input", { details: { issues } });
}
