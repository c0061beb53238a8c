import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";
import type { z } from "zod";
import { endpoints, subscriptions } from "../server/api/contract/endpoints.ts";
import * as exported from "./src/index.ts";

/**
 * The last step of the build: writes what the schemas' `.describe()` and the procedures' summaries say above each
 * field and procedure of `dist/index.d.mts`, where an editor shows it. TypeScript loses both on the way there.
 */
const file = "dist/index.d.mts";
const text = readFileSync(file, "utf8");
const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
const insertions: { at: number; comment: string }[] = [];

function say(node: ts.Node, lines: string[]): void {
  const at = node.getStart(source, false);
  if (ts.getLeadingCommentRanges(text, node.pos)?.length) return;
  const [only] = lines;
  const comment =
    lines.length === 1
      ? `/** ${only} */\n`
      : `/**\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;
  insertions.push({ at, comment });
}

type Def = z.core.$ZodTypeDef & { shape?: Record<string, z.ZodType> } & {
  [inner in "innerType" | "element" | "in"]?: z.ZodType;
};
const defOf = (schema: z.ZodType) => schema._zod.def as Def;
const innerOf = (schema: z.ZodType) => {
  const { innerType, element, in: input } = defOf(schema);
  return innerType ?? element ?? input;
};

/** Its own description, else that of what it wraps. */
function descriptionOf(schema: z.ZodType | undefined): string | undefined {
  return schema && (schema.description ?? descriptionOf(innerOf(schema)));
}
function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> | undefined {
  return schema && (defOf(schema).shape ?? shapeOf(innerOf(schema)));
}

/** The object type in a list, a union with null, or a zod type; undefined where there is none or several. */
function literalOf(type: ts.TypeNode | undefined): ts.TypeLiteralNode | undefined {
  if (!type || ts.isTypeLiteralNode(type)) return type;
  if (ts.isTypeReferenceNode(type)) return literalOf(type.typeArguments?.[0]);
  if (ts.isArrayTypeNode(type)) return literalOf(type.elementType);
  if (ts.isParenthesizedTypeNode(type) || ts.isTypeOperatorNode(type)) return literalOf(type.type);
  if (!ts.isUnionTypeNode(type)) return undefined;
  const literals = type.types.flatMap((each) => literalOf(each) ?? []);
  return literals.length === 1 ? literals[0] : undefined;
}

function* membersOf(type: ts.TypeNode | undefined) {
  for (const member of literalOf(type)?.members ?? [])
    if (ts.isPropertySignature(member) && member.name) {
      yield { member, name: (member.name as ts.Identifier).text, type: member.type };
    }
}

function documentFields(type: ts.TypeNode | undefined, schema: z.ZodType | undefined): void {
  const shape = shapeOf(schema);
  if (!shape) return;
  for (const { member, name, type: inner } of membersOf(type)) {
    const description = descriptionOf(shape[name]);
    if (description) say(member, [description]);
    documentFields(inner, shape[name]);
  }
}

function documentProcedures(type: ts.TypeNode | undefined, above: string): void {
  for (const { member, name, type: inner } of membersOf(type)) {
    const path = `${above}${name}`;
    const endpoint = endpoints.find((each) => each.name === path);
    const stream = subscriptions.find((each) => each.name === path);
    if (!endpoint && !stream) {
      documentProcedures(inner, `${path}.`);
      continue;
    }
    const { summary, scope } = endpoint ?? (stream as NonNullable<typeof stream>);
    const reasons = endpoint?.reasons.map((reason) => `\`${reason}\``).join(", ");
    say(member, [
      summary,
      "",
      `Scope: \`${scope}\`.${endpoint ? ` REST: \`${endpoint.method} /api/v1${endpoint.path}\`.` : ""}`,
      ...(reasons ? [`@throws FiscilityError: ${reasons}, and what any call can fail with.`] : []),
    ]);
    for (const { name: side, type: fields } of membersOf(inner)) {
      if (side === "input") documentFields(fields, endpoint?.input ?? undefined);
      if (side === "output") documentFields(fields, endpoint?.output ?? stream?.event);
    }
  }
}

for (const statement of source.statements) {
  if (!ts.isVariableStatement(statement)) continue;
  for (const { name, type } of statement.declarationList.declarations) {
    const variable = name.getText(source);
    if (variable === "appRouter" && type && ts.isTypeReferenceNode(type)) {
      documentProcedures(type.typeArguments?.[1], "");
    } else {
      const value = (exported as Record<string, unknown>)[variable] as z.ZodType | undefined;
      if (value && "_zod" in value) documentFields(type, value);
    }
  }
}

let documented = text;
for (const { at, comment } of insertions.toSorted((a, b) => b.at - a.at)) {
  documented = documented.slice(0, at) + comment + documented.slice(at);
}
writeFileSync(file, documented);
// The same types for `require`: their imports then resolve as that does.
copyFileSync(file, "dist/index.d.cts");
