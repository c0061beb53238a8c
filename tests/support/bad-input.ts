import fc from "fast-check";
import { z } from "zod";

type Schema = z.core.JSONSchema.JSONSchema;

/** Many fields, elements or levels, which cost more than their bytes. */
const large = fc
  .record({
    by: fc.constantFrom("fields", "elements", "depth"),
    n: fc.integer({ min: 1, max: 4_000 }),
    name: fc.constantFrom("k", "some_key_", "someKey", "__proto__"),
  })
  .map(({ by, n, name }): unknown => {
    if (by === "fields") return Object.fromEntries(times(n, (at) => [`${name}${at}`, at]));
    if (by === "elements") return times(n, () => 0);
    const pairs = Math.ceil(n / 2);
    return JSON.parse(`${'{"a":['.repeat(pairs)}${"]}".repeat(pairs)}`);
  });
const times = <T>(n: number, make: (at: number) => T) =>
  Array.from({ length: n }, (_, at) => make(at));

/** Values that break programs, and that PostgreSQL, JSON and JavaScript interpret differently. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      "",
      " ",
      "\0",
      "a\0b",
      "\ud800",
      "\udc00x",
      "\u202e",
      "💰",
      "null",
      "[]",
      "%00",
    ],
    ...["__proto__", "constructor", "toString", "../../etc/passwd", "'; drop table users; --"],
    ...["{{7*7}}", "<script>", "$where", "1e999", "-0", "0x10", "٣", "9".repeat(400)],
    ...["0000-01-01", "0001-01-01", "9999-12-31", "2024-02-30", "292278994-08-17", "infinity"],
    ...["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    ...[0, -1, 0.1, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, Number.MIN_VALUE],
    ...[[], {}, [null], [[[]]], { $ne: null }, { length: -1 }, { toString: null }],
  ),
  fc.constant(null).map(() => "x".repeat(90_000)),
  fc.constant(null).map(() => JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`)),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.jsonValue(),
  large,
);

/** Values of a schema and near it: most are valid in every field but one, or have one too many. */
export function inputsOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const right = valuesOf(json);
  return fc.oneof(
    { weight: 2, arbitrary: right },
    { weight: 5, arbitrary: fc.tuple(right, fc.nat(), nasty).map(([v, at, n]) => spoil(v, at, n)) },
    { weight: 1, arbitrary: fc.tuple(right, large).map(([value, more]) => crowd(value, more)) },
    { weight: 1, arbitrary: nasty },
  );
}

/** Valid values of a schema, for what zod writes for our contracts. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => valuesOf(choice as Schema)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const { minLength = 0, maxLength = 200 } = schema;
  switch (schema.type) {
    case "object": {
      const entries = Object.entries(schema.properties ?? {});
      const model = entries.map(([name, value]) => [name, valuesOf(value as Schema)]);
      return fc.record(Object.fromEntries(model), {
        requiredKeys: (schema.required ?? []) as never[],
        noNullPrototype: true,
      });
    }
    case "array":
      return fc.array(valuesOf((schema.items as Schema | undefined) ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    case "integer":
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 });
    case "number":
      return fc.double({ noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      if (schema.format === "uuid") return fc.uuid();
      if (schema.format === "date") return days;
      if (schema.format === "date-time") return days.map((day) => `${day}T00:00:00Z`);
      if (schema.format === "email") return fc.emailAddress();
      if (schema.pattern) {
        return fc
          .stringMatching(new RegExp(schema.pattern), { size: "small" })
          .filter((text) => text.length >= minLength && text.length <= maxLength);
      }
      return fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, 200) });
    default:
      return fc.jsonValue();
  }
}

const days = fc
  .date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") })
  .map((date) => date.toISOString().slice(0, 10));

/** Puts something nasty in one place of the value: in a field, or as an unknown field. */
function spoil(value: unknown, at: number, something: unknown): unknown {
  if (typeof value !== "object" || value === null) return something;
  const keys = Object.keys(value);
  const key = keys[at % (keys.length + 1)];
  if (Array.isArray(value)) {
    return key === undefined
      ? [...value, something]
      : value.with(Number(key), spoil(value[Number(key)], at >> 3, something));
  }
  if (key === undefined) {
    const name = typeof something === "string" ? something : JSON.stringify(something);
    return { ...value, [name.slice(0, 50)]: something };
  }
  return { ...value, [key]: spoil(value[key as never], at >> 3, something) };
}

/** Adds many unknown fields to the value; if it is no object, returns only `more`. */
function crowd(value: unknown, more: unknown): unknown {
  const both = [value, more];
  return both.every((one) => typeof one === "object" && one !== null && !Array.isArray(one))
    ? { ...(value as object), ...(more as object) }
    : more;
}

/** A raw request without a schema: head and body as a hostile client sends them. */
export interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
}

const contentTypes = [
  ...["application/json; charset=utf-7", "application/JSON;;;", "text/plain"],
  ...[
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
  ],
  ...["application/octet-stream", "image/png", "\u00ff", "application/jsonl"],
];

const brokenJson = fc.constantFrom(
  ...["", "{", "nul", '{"a":', '"', "[1,]", "{a:1}", "\ufeff{}", "{}{}", '{"__proto__":{"x":1}}'],
  ...['{"a":1,"a":2}', '{"\\u0000":"\\u0000"}', '"\\ud800"', "1e999", `${"[".repeat(40_000)}`],
  ...['{"0":{"json":null}}', "null", "true", "[]", "0"],
  ...[`{"a":${"[".repeat(49_000)}${"]".repeat(49_000)}}`],
);

const queries = fc.oneof(
  fc.constantFrom(
    ...["", "?", "?input", "?input=", "?input={", "?input=%7B%22a%22%3A%5C", "?batch=1&input=%00"],
    ...[
      "?batch=1&input=%7B%220%22%3Anull%7D",
      "?%",
      "?a=%ff",
      "?a[b][c]=1",
      "?a[]=1&a=2",
      "?next=//x",
    ],
    ...[
      "?input=%22%5Cud800%22",
      "?account=%00",
      "?from=%00&to=x",
      "?__proto__[x]=1",
      "?q=%E0%A4%A",
    ],
    ...[
      `?search=${"%20".repeat(2_000)}`,
      "?_data=root",
      "?index",
      "?_routes=nothing",
      "?from=0000-00-00",
    ],
  ),
  fc.string({ unit: "binary-ascii", maxLength: 60 }).map((text) => `?${printable(text)}`),
);

/** Half of the values pass the first checks. */
const mostly = (right: string, wrong: string[]) =>
  fc.oneof(fc.constant(right), fc.constantFrom(...wrong));

/** Random bytes below these paths, with any method, type, length and query. */
export function rawRequests(paths: readonly string[]): fc.Arbitrary<RawRequest> {
  const body = fc.oneof(
    brokenJson.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(null).map(() => Buffer.alloc(150_000, "[")),
    large.map((value) => Buffer.from(JSON.stringify(value))),
    fc.integer({ min: 1, max: 20_000 }).map((n) => Buffer.from(times(n, () => "a=b").join("&"))),
    nasty.map((value) =>
      Buffer.from(JSON.stringify({ email: value, name: value, password: value })),
    ),
  );
  const tails = ["/", "/x", "/%00", "/%ff", "/%", "/..%2f", ".data", "//"];
  const tail = mostly("", tails);
  const headers = fc.record(
    {
      "content-type": mostly("application/json", contentTypes),
      "content-encoding": mostly("identity", ["gzip", "br", "nonsense"]),
      authorization: fc.constantFrom(
        "Bearer ",
        "Bearer fsk_",
        "Basic Og==",
        "\u00ff",
        "Bearer a b",
      ),
      accept: fc.constantFrom("text/event-stream", "*/*", "application/jsonl", "\u00ff"),
      "last-event-id": fc.constantFrom("", "-1", "99999999999999999999", "\u00ff"),
      "plaid-verification": fc.constantFrom(
        "",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        "..",
        "\u00ff",
      ),
      "x-forwarded-for": fc.constantFrom("", "\u00ff", "::1, x", "1.2.3.4.5", "unknown"),
      "x-forwarded-host": fc.constantFrom("evil.example", "a b", ":"),
      host: fc.constantFrom("evil.example", "localhost:99999", "[", "a/b"),
      "user-agent": fc.constantFrom("", "\u00ff".repeat(2_000)),
      "trpc-accept": fc.constantFrom("application/jsonl", "x"),
      range: fc.constantFrom("bytes=0-1,2-3", "bytes=-", "bytes=99999999999-"),
      "if-none-match": fc.constantFrom("*", '"'),
    },
    { requiredKeys: [] },
  );
  // A head has at most 16 kB, and Node drops the headers after the thousandth.
  const many = fc.record(
    {
      headers: fc.integer({ min: 1, max: 900 }),
      cookies: fc.integer({ min: 1, max: 1_500 }),
      parameters: fc.integer({ min: 1, max: 1_000 }),
    },
    { requiredKeys: [] },
  );
  return fc
    .tuple(
      mostly("POST", ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "PROPFIND"]),
      fc.constantFrom(...paths),
      tail,
      queries,
      headers,
      fc.option(body),
      fc.option(many, { freq: 4 }),
    )
    .map(([method, path, end, query, head, bytes, count]) => {
      const { headers = 0, cookies = 0, parameters = 0 } = count ?? {};
      const more = times(parameters, (at) => `p${at}=`).join("&");
      const cookie = times(cookies, (at) => `c${at}=`).join(";");
      const others = Object.fromEntries(times(headers, (at) => [`x-${at}`, "1"]));
      const tooLong = `${query}${more}`.length + cookie.length + headers * 10 > 15_000;
      return {
        method,
        path: `${path}${end}${query}${more && !tooLong ? `${query ? "&" : "?"}${more}` : ""}`,
        headers: {
          ...(head as Record<string, string>),
          ...(tooLong ? {} : { ...others, ...(cookie === "" ? {} : { cookie }) }),
        },
        body: method === "GET" || method === "HEAD" ? null : bytes,
      };
    });
}

/** Characters that a request line may contain. Node's own parser rejects others before us. */
const printable = (text: string) => text.replace(/[^!-~]/g, "+");
