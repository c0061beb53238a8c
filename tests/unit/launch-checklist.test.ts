import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/plaid-launch-checklist.md", "utf8");
/** Each line of the checklist, with what follows it. */
const lines = page
  .slice(page.indexOf("\n## "))
  .split(/\n- /)
  .slice(1)
  .map((line) => (line.split("\n\n")[0] ?? "").replaceAll(/\s+/g, " "));

test("each line of Plaid's checklist says whether it is done", () => {
  expect(lines.length).toBeGreaterThan(40);
  for (const line of lines) expect(line).toMatch(/\*\*(Yes|No|Operator|Does not apply)/);
});

test("what a line of Plaid's checklist calls done names a file that is there", () => {
  for (const line of lines.filter((line) => line.includes("**Yes**"))) {
    const files = [...line.matchAll(/`([\w./$-]+\.(?:tsx?|md|json))`/g)].map(([, file]) => file);
    expect(files, line).not.toEqual([]);
    for (const file of files) expect(existsSync(file as string), file).toBe(true);
  }
});
