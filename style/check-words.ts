import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { bannedWords } from "./banned-words.ts";

/**
 * Part of `npm run lint`: counts the words that STYLE.md replaces in comments, documentation, test titles
 * and interface text, and the docs' table cells above 200 characters. The counts in `counts.json` may
 * only fall: a count that rises fails the lint and names the places; `--write` stores lower counts. A rule
 * that is not in `counts.json` allows none.
 * Quotations in backticks or curly quotes are not counted.
 */
const countsFile = path.join(import.meta.dirname, "counts.json");
const longestCell = 200;

/** A banned word and its place. */
interface Found {
  rule: string;
  place: string;
}

const textOf: Record<string, (file: string, source: string) => Prose[]> = {
  ".md": (_file, source) => [{ line: 1, text: source.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank) }],
  ".ts": proseOfCode,
  ".tsx": proseOfCode,
};

/** A text and the line that it starts on. */
interface Prose {
  line: number;
  text: string;
}

/** Keeps the line breaks, so that the lines after it keep their numbers. */
const blank = (text: string) => text.replace(/[^\n]/g, " ");

/** Returns a file's comments, and its texts if they are shown: of pages, error messages and test titles. */
function proseOfCode(file: string, source: string): Prose[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const isShown = /^app\/|contracts\/errors\.ts$|\.test\.ts$/.test(file);
  const ranges = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    for (const read of [ts.getLeadingCommentRanges, ts.getTrailingCommentRanges]) {
      for (const { pos, end } of read(source, node.getFullStart()) ?? []) ranges.set(pos, end);
      for (const { pos, end } of read(source, node.end) ?? []) ranges.set(pos, end);
    }
    const isText = ts.isJsxText(node) || (ts.isStringLiteral(node) && / /.test(node.text));
    if (isShown && isText) ranges.set(node.getStart(), node.end);
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return [...ranges].map(([start, end]) => ({
    line: parsed.getLineAndCharacterOfPosition(start).line + 1,
    text: source.slice(start, end),
  }));
}

function findIn(file: string): Found[] {
  const source = readFileSync(file, "utf8");
  const read = textOf[path.extname(file)];
  const found = (read?.(file, source) ?? []).flatMap(({ line, text }) => {
    const unquoted = text.replace(/`[^`\n]*`|“[^”]*”/g, blank);
    return bannedWords.flatMap(({ rule, pattern }) =>
      [...unquoted.matchAll(pattern)].map((match) => ({
        rule,
        place: `${file}:${line + unquoted.slice(0, match.index).split("\n").length - 1} ${match[0]}`,
      })),
    );
  });
  if (!file.endsWith(".md")) return found;
  const cells = source.split("\n").flatMap((row, at) =>
    /^\s*\|/.test(row)
      ? row
          .split(/(?<!\\)\|/)
          .filter((cell) => cell.trim().length > longestCell)
          .map(() => ({ rule: "long table cell", place: `${file}:${at + 1}` }))
      : [],
  );
  return [...found, ...cells];
}

const listed = spawnSync("git", ["ls-files", "*.ts", "*.tsx", "*.md"], { encoding: "utf8" }).stdout;
const files = listed.split("\n").filter((file) => file && !file.startsWith("style/"));
const found = files.flatMap(findIn);
const counts: Record<string, number> = {};
for (const { rule } of found) counts[rule] = (counts[rule] ?? 0) + 1;
const allowed = JSON.parse(readFileSync(countsFile, "utf8")) as Record<string, number>;

if (process.argv.includes("--write")) {
  const lower = Object.entries(counts).map(([rule, count]) => [
    rule,
    Math.min(count, allowed[rule] ?? 0),
  ]);
  writeFileSync(countsFile, `${JSON.stringify(Object.fromEntries(lower.sort()), null, 2)}\n`);
}
const over = Object.entries(counts).filter(([rule, count]) => count > (allowed[rule] ?? 0));
for (const [rule, count] of over) {
  process.stderr.write(
    `${rule}: ${count}, and may be ${allowed[rule] ?? 0} at most. See style/banned-words.ts.\n`,
  );
  for (const one of found.filter((each) => each.rule === rule).slice(-20))
    process.stderr.write(`  ${one.place}\n`);
}
if (over.length > 0 && !process.argv.includes("--write")) process.exitCode = 1;
