import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const pages = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
  {
    cwd: root,
    encoding: "utf8",
  },
)
  .split("\n")
  .filter((file) => file && existsSync(path.join(root, file)));

/** The anchor that GitHub makes from the heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (text: string) => [
  ...[...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchor(heading)),
  ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id),
];

test("Every link of a document leads to a file and a heading that exist", () => {
  const broken: string[] = [];
  for (const page of pages) {
    const text = readFileSync(path.join(root, page), "utf8").replace(/```.*?```/gs, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)) {
      if (!target || /^[a-z]+:/.test(target)) continue;
      const [file = "", id] = target.split("#");
      const there = file ? path.join(root, path.dirname(page), file) : path.join(root, page);
      const found =
        existsSync(there) && (!id || anchorsOf(readFileSync(there, "utf8")).includes(id));
      if (!found) broken.push(`${page}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("docs/commands.md names every npm script that a developer runs", () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const commands = readFileSync(path.join(root, "docs/commands.md"), "utf8");
  const builds = ["build", "build:client"];
  const missing = Object.keys(scripts).filter(
    (name) => !builds.includes(name) && !commands.match(new RegExp(`npm (run )?${name}\\b`)),
  );
  expect(missing).toEqual([]);
});

test("docs/configuration.md names every variable that the configuration reads", () => {
  const configuration = readFileSync(path.join(root, "docs/configuration.md"), "utf8");
  const config = readFileSync(path.join(root, "server/config.ts"), "utf8");
  const variables = new Set(
    [...config.matchAll(/^\s+([A-Z][A-Z0-9_]{3,}):/gm)].map(([, name]) => name),
  );
  expect(variables.size).toBeGreaterThan(15);
  expect([...variables].filter((name) => !configuration.includes(`\`${name}\``))).toEqual([]);
});
