import fc from "fast-check";

/** Values that a field of Plaid may have, whatever its type says. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, "", " ", "\0", "a\0b", "\ud800", "x\udc00y", "\u202eevil", "💰", "\n\t"],
    ...["__proto__", "constructor", "'; drop table users; --", "<script>", "9".repeat(400)],
    ...["0000-01-01", "0001-01-01", "9999-12-31", "2024-02-30", "infinity", "now"],
    ...["ABCDEFGHIJKLMNOPQRST", "usd", "X", "\u0085", "\ufffe", "é".repeat(2_000)],
    ...[0, -0, -1, 0.1 + 0.2, 1e-7, -1e-300, 12.345678, 1e15, -1e308, 2 ** 53],
    ...[[], {}, [null], [[[]]], { error_code: null }, { primary: "\0" }, { primary: 7 }],
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant(null).map(() => "x".repeat(20_000)),
);

/** Returns the keys that lead to every nested value. */
export function pathsOf(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return at.length > 0 ? [at] : [];
  const inside = Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...at, key]));
  return at.length > 0 ? [at, ...inside] : inside;
}

/** One value that is replaced or removed. */
export interface Change {
  path: string[];
  op: "replace" | "remove";
  value?: unknown;
}

/** A change of one value inside `sample`. */
export const oneChange = (sample: unknown): fc.Arbitrary<Change> =>
  fc
    .tuple(
      fc.constantFrom(...pathsOf(sample)),
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({ op: fc.constant("replace" as const), value: oddValue }),
        },
        { weight: 1, arbitrary: fc.constant({ op: "remove" as const }) },
      ),
    )
    .map(([path, change]) => ({ path, ...change }));

/** Makes the change, in place. */
export function changeValue(root: object, { path, op, value }: Change): void {
  const last = path.at(-1) as string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON has.
  const parent = path.slice(0, -1).reduce((inside: any, key) => inside[key], root);
  if (op === "replace") parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

/** The change as a JSON Patch for the sandbox: https://www.rfc-editor.org/rfc/rfc6902 */
export const toPatch = ({ path, ...change }: Change) => ({
  path: path.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
  ...change,
});

/** A text that PostgreSQL stores and a page shows unchanged. */
export const isPlain = (text: string) => !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text);
