import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const spec = readFileSync("docs/spec.md", "utf8");
/** The ids that docs/spec.md defines: each an anchor, followed by the id in bold. */
const defined = [...spec.matchAll(/<a id="([a-z]\d+)"><\/a>\*\*([A-Z]\d+)\b/g)].map(
  ([, anchor, id]) => ({ anchor, id: id as string }),
);

/** The title of every `describe` and `test` of a file, with the placeholders of `test.each`. */
function titlesOf(file: string): string[] {
  const titles: string[] = [];
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      let callee: ts.Expression = node.expression;
      while (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) {
        callee = callee.expression;
      }
      const [title] = node.arguments;
      const isTest = ts.isIdentifier(callee) && /^(test|it|describe)/.test(callee.text);
      if (isTest && title && ts.isStringLiteralLike(title)) titles.push(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

/** The ids at the start of a title, or in parentheses in it. */
function idsOf(title: string): string[] {
  const leading = /^(?:[A-Z]\d+ )*/.exec(title)?.[0].trim() ?? "";
  const inParentheses = [...title.matchAll(/\(([A-Z]\d+(?:, [A-Z]\d+)*)\)/g)].map(([, ids]) => ids);
  return [leading, ...inParentheses].flatMap((ids) => ids?.match(/[A-Z]\d+/g) ?? []);
}

const cited = ["tests", "sandbox/tests"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => path.join(folder, name))
    .flatMap((file) =>
      titlesOf(file).flatMap((title) =>
        idsOf(title).map((id) => ({ id, at: `${file}: ${title}` })),
      ),
    ),
);

test("idsOf finds the ids at the start of a title and in parentheses, and no others", () => {
  expect(idsOf("I1 E4 a thing happens")).toEqual(["I1", "E4"]);
  expect(idsOf("connectAccount removes the Item (E4, I1), then responds (R7)")).toEqual([
    "E4",
    "I1",
    "R7",
  ]);
  expect(idsOf("connects with ES256 and E4 (see B)")).toEqual([]);
});

test("docs/spec.md defines every id in a test's title", () => {
  expect(cited.length).toBeGreaterThan(150);
  const known = new Set(defined.map(({ id }) => id));
  expect(cited.filter(({ id }) => !known.has(id)).map(({ id, at }) => `${id} in ${at}`)).toEqual(
    [],
  );
});

test("docs/spec.md defines each id once, at an anchor of its name, and each has a test", () => {
  const ids = defined.map(({ id }) => id);
  expect(ids.length).toBeGreaterThanOrEqual(38);
  expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
  for (const { anchor, id } of defined) expect(anchor).toBe(id.toLowerCase());
  const tested = new Set(cited.map(({ id }) => id));
  expect(ids.filter((id) => !tested.has(id))).toEqual([]);
});
