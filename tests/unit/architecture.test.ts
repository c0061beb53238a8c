import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";

const rooms = ["app", "client/src", "server", "db", "local", "migrations", "sandbox/src"];

/** The names of the rules that the tree breaks. */
function brokenRules(): string[] {
  const cruise = spawnSync(
    process.execPath,
    [
      "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
      ...rooms,
      "--output-type",
      "json",
    ],
    { encoding: "utf8", maxBuffer: 100_000_000 },
  );
  const report = JSON.parse(cruise.stdout) as {
    summary: {
      totalCruised: number;
      violations: { rule: { name: string }; from: string; to: string }[];
    };
  };
  expect(report.summary.totalCruised).toBeGreaterThan(50);
  return report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.join(folder, name));
}

const bad = "server/contracts/bad-example";
const badApp = "app/bad-example";
const badClient = "client/src/bad-example";
afterEach(() => {
  for (const folder of [bad, badApp, badClient]) rmSync(folder, { recursive: true, force: true });
});

test("nobody imports across the drawing of the house", () => {
  expect(brokenRules()).toEqual([]);
});

test("the rules see what they forbid", () => {
  for (const folder of [bad, badApp, badClient]) mkdirSync(folder);
  writeFileSync(
    `${bad}/a.ts`,
    'import "./utils.ts"; import "redis"; import "plaid"; import "kysely";',
  );
  writeFileSync(
    `${bad}/utils.ts`,
    'import "./a.ts"; import "better-auth"; import "graphile-worker"; import "prom-client";',
  );
  writeFileSync(
    `${badApp}/b.ts`,
    'import "../../server/services.ts"; import "@fiscility/plaid-sandbox"; import "../../local/ports.ts";',
  );
  writeFileSync(`${badClient}/c.ts`, 'import "../../../server/services.ts";');
  const broken = new Set(brokenRules().map((line) => line.split(":")[0]));
  expect([...broken].sort()).toEqual([
    "app-takes-contracts-and-types",
    "client-takes-contracts-and-the-router's-type",
    "client-types-name-the-router-alone",
    "contracts-take-zod-alone",
    "no-cycles",
    "no-utils",
    "only-auth-imports-better-auth",
    "only-db-builds-sql",
    "only-jobs-import-graphile-worker",
    "only-local-starts-the-sandbox",
    "only-main-reaches-local",
    "only-telemetry-imports-its-packages",
    "only-the-cache-imports-redis",
    "only-the-door-imports-plaid",
  ]);
});

test("only the process and its commands touch the environment, only the vault makes ciphers", () => {
  const touching = (pattern: RegExp) =>
    ["app", "server", "db", "migrations"]
      .flatMap(sources)
      .filter((file) => pattern.test(readFileSync(file, "utf8")))
      .sort();
  expect(touching(/process\.env/)).toEqual([
    "server/commands/api-key.ts",
    "server/commands/attempts.ts",
    "server/commands/jobs.ts",
    "server/commands/migrate.ts",
    "server/commands/plan.ts",
    "server/commands/rotate-keys.ts",
    "server/main.ts",
    "server/worker-main.ts",
  ]);
  expect(touching(/create(C|Dec)ipheriv/)).toEqual(["server/vault/vault.ts"]);
});
