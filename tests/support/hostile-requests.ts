import { z } from "zod";
import { type Endpoint, endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";

type Schema = z.core.JSONSchema.JSONSchema;

/** A request to send. */
export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export const json = { "content-type": "application/json" };
export const form = { "content-type": "application/x-www-form-urlencoded" };
export const times = <T>(n: number, make: (at: number) => T) =>
  Array.from({ length: n }, (_, at) => make(at));
export const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** What a body can contain many of, at every place of a schema that allows it. */
const dimensions = {
  keys: (schema: Schema, n: number) => fill(schema, { unknown: n, elements: 1, leaf: "0" }),
  elements: (schema: Schema, n: number) => fill(schema, { unknown: 0, elements: n, leaf: "0" }),
  nesting: (schema: Schema, n: number) =>
    fill(schema, { unknown: 1, elements: 1, leaf: nested(n) }),
};
export type Dimension = keyof typeof dimensions;

/** JSON with the schema's own objects and arrays: unknown fields in each, and `leaf` for each value. */
function fill(schema: Schema, size: { unknown: number; elements: number; leaf: string }): string {
  const { unknown, elements, leaf } = size;
  const choice = schema.anyOf?.find((one) => {
    const { properties, items } = one as Schema;
    return properties || items;
  });
  if (choice) return fill(choice as Schema, size);
  if (schema.items) {
    const element = fill(schema.items as Schema, { ...size, unknown: unknown && 1 });
    return `[${times(elements, () => element)}]`;
  }
  if (!schema.properties) return leaf;
  const fields = Object.entries(schema.properties).map(
    ([name, inner]) => `"${name}":${fill(inner as Schema, size)}`,
  );
  const others = times(unknown, (at) => `"some_key_${at}":${leaf}`);
  return `{${[...fields, ...others]}}`;
}

/** Returns for each array of a schema how to write an input with this JSON in its place. */
export function listsOf({
  anyOf = [],
  items,
  properties = {},
}: Schema): ((list: string) => string)[] {
  if (items) return [(list) => list];
  return [
    ...anyOf.flatMap((choice) => listsOf(choice as Schema)),
    ...Object.entries(properties).flatMap(([name, inner]) =>
      listsOf(inner as Schema).map((wrap) => (list: string) => `{"${name}":${wrap(list)}}`),
    ),
  ];
}

/** Any JSON body, for addresses without a schema. */
export const anyBody: Schema = {
  type: "object",
  properties: { list: { type: "array", items: {} } },
};

export const schemaOf = ({ input }: { input: z.ZodType | null }): Schema =>
  input ? (z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Schema) : anyBody;

const post =
  (path: string) =>
  (schema: Schema, dimension: Dimension, n: number): Sent => ({
    method: "POST",
    path,
    headers: json,
    body: dimensions[dimension](schema, n),
  });
/** A quarter of the maximum: of a 100 kB body, of a 16 kB head, and of 200 query parameters. */
const most = { post: 240, input: 100, query: 49 };

export interface EntryPoint {
  name: string;
  most: number;
  schema: Schema;
  request(schema: Schema, dimension: Dimension, n: number): Sent;
}

const rest = (endpoint: Endpoint): EntryPoint => {
  const path = `/api/v1${endpoint.path.replace(/\{\w+\}/g, "x")}`;
  const name = `${endpoint.method} ${path}`;
  const schema = schemaOf(endpoint);
  if (endpoint.method === "POST") return { name, most: most.post, schema, request: post(path) };
  return {
    name,
    most: most.query,
    schema,
    request(_schema, dimension, n) {
      const one = (at: number) =>
        ({ keys: `k_${at}=`, elements: "account_id=a", nesting: `a${"[b]".repeat(at % 9)}=` })[
          dimension
        ];
      return { method: endpoint.method, path: `${path}?${times(n, one).join("&")}` };
    },
  };
};

const trpc = ({
  name,
  type,
  ...endpoint
}: Pick<Endpoint, "name" | "type" | "input">): EntryPoint => {
  const schema = schemaOf(endpoint);
  const path = `/trpc/${name}`;
  if (type === "mutation") return { name: path, most: most.post, schema, request: post(path) };
  return {
    name: path,
    most: most.input,
    schema,
    request: (_schema, dimension, n) => ({
      method: "GET",
      path: `${path}?input=${encodeURIComponent(dimensions[dimension](schema, n))}`,
    }),
  };
};

const queries = endpoints.filter(({ type }) => type === "query");
const mutations = endpoints.filter(({ type }) => type === "mutation");
const names = (list: readonly Endpoint[]) => list.map(({ name }) => name).join(",");

/** Every endpoint over REST and tRPC, every subscription, and other addresses. */
export const entryPoints: EntryPoint[] = [
  ...endpoints.flatMap((endpoint) => [rest(endpoint), trpc(endpoint)]),
  // Their inputs are invalid, so each stream ends at once.
  ...subscriptions.map((subscription) => trpc({ ...subscription, type: "query" })),
  {
    name: "a batch of every mutation",
    most: most.post,
    schema: anyBody,
    request: (_schema, dimension, n) => ({
      method: "POST",
      path: `/trpc/${names(mutations)}?batch=1`,
      headers: json,
      body: `{${mutations.map((one, at) => `"${at}":${dimensions[dimension](schemaOf(one), n)}`)}}`,
    }),
  },
  {
    name: "a batch of every query",
    most: 40,
    schema: anyBody,
    request: (_schema, dimension, n) => ({
      method: "GET",
      path: `/trpc/${names(queries)}?batch=1&input=${encodeURIComponent(dimensions[dimension](anyBody, n))}`,
    }),
  },
  ...["/plaid/create-link-token", "/plaid/exchange-token", "/plaid/webhook"].map((path) => ({
    name: path,
    most: most.post,
    schema: path.endsWith("exchange-token")
      ? schemaOf(endpoints.find(({ name }) => name === "connectAccount") as Endpoint)
      : anyBody,
    request: post(path),
  })),
  ...["sign-in/email", "sign-up/email", "sign-out"].map((path) => ({
    name: `/api/auth/${path}`,
    most: most.post,
    schema: anyBody,
    request: post(`/api/auth/${path}`),
  })),
  ...["/login", "/signup", "/appearance", "/settings/account", "/settings/api-keys"].map(
    (path): EntryPoint => ({
      name: `the form at ${path}`,
      most: most.post,
      schema: anyBody,
      request(_schema, dimension, n) {
        const one = (at: number) =>
          ({ keys: `k_${at}=`, elements: "scopes=a", nesting: `a${"[b]".repeat(at % 9)}=` })[
            dimension
          ];
        return { method: "POST", path, headers: form, body: times(n, one).join("&") };
      },
    }),
  ),
];
