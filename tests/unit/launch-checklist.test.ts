import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/plaid-launch-checklist.md", "utf8");
/** Each line of the checklist, with the text below it. */
const lines = page
  .slice(page.indexOf("\n## "))
  .split(/\n- /)
  .slice(1)
  .map((line) => (line.split("\n\n")[0] ?? "").replaceAll(/\s+/g, " "));

test("Each line of Plaid's checklist says whether it is done", () => {
  expect(lines.length).toBeGreaterThan(40);
  for (const line of lines) expect(line).toMatch(/\*\*(Yes|No|Operator|Does not apply)/);
});

test("Each finished line of Plaid's checklist names a file that exists", () => {
  for (const line of lines.filter((line) => line.includes("**Yes**"))) {
    const files = [...line.matchAll(/`([\w./$-]+\.(?:tsx?|md|json))`/g)].map(([, file]) => file);
    expect(files, line).not.toEqual([]);
    for (const file of files) expect(existsSync(file as string), file).toBe(true);
  }
});
