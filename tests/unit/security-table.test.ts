import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { endpoints } from "../../server/api/endpoints.ts";

const page = readFileSync("docs/security.md", "utf8");

const sources = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.join(folder, name));
const holding = (folder: string, pattern: RegExp) =>
  sources(folder).filter((file) => pattern.test(readFileSync(file, "utf8")));

test("docs/security.md: every file it names is there, and every line says a file or No", () => {
  const named = [...page.matchAll(/`([\w./-]+\/[\w./-]+\.(?:tsx?|md|json))`/g)].map(([, at]) => at);
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((at) => !existsSync(at as string))).toEqual([]);
  const lines = page.split("\n").filter((line) => /^\| \d/.test(line));
  expect(lines.length).toBeGreaterThan(60);
  expect(lines.filter((line) => !/\*\*No\*\*|`[\w./-]+`/.test(line.split("|")[3] ?? ""))).toEqual(
    [],
  );
});

test("1.2.1, 1.2.5: no page writes raw HTML, and the server starts no process", () => {
  expect(holding("app", /dangerouslySetInnerHTML/)).toEqual([]);
  expect(holding("server", /node:child_process/)).toEqual([]);
});

test("1.3.6: the server sends requests through Plaid's door alone, and no procedure takes an address", () => {
  expect(holding("server", /\bfetch\(|https?\.(request|get)\(|from "axios"/)).toEqual([]);
  const inputs = endpoints.flatMap(({ input }) => (input ? [input] : []));
  const text = JSON.stringify(
    inputs.map((input) => z.toJSONSchema(input, { unrepresentable: "any" })),
  );
  expect(text).not.toMatch(/"format":"uri"|"(url|uri|webhook|callback|host)\w*":/i);
});
