import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const rooms = ["app", "client/src", "server", "db", "local", "migrations", "sandbox/src"];

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.join(folder, name));
}

/** Returns every import that breaks a rule, with the rule's name. */
function brokenRules(): { rule: string; from: string; to: string }[] {
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
  return report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

/** A file for each rule that it breaks. */
const examples: Record<string, string> = {
  "server/contracts/bad-example/a.ts":
    'import "./utils.ts"; import "redis"; import "plaid"; import "kysely";',
  "server/contracts/bad-example/utils.ts":
    'import "better-auth"; import "graphile-worker"; import "prom-client";',
  "server/bad-example/cycle.ts": 'import type { B } from "./of-types.ts"; export type A = B;',
  "server/bad-example/of-types.ts": 'import type { A } from "./cycle.ts"; export type B = A;',
  "server/plaid/bad-example/d.ts":
    'import type { Services } from "../../services.ts"; export type S = Services;',
  "server/items/bad-example/e.ts": 'import "../../api/router.ts";',
  "server/api/bad-example/f.ts": 'import "../../http/locals.ts";',
  "db/bad-example/g.ts":
    'import type { Clock } from "../../server/clock.ts"; export type C = Clock;',
  "app/bad-example/b.ts":
    'import "../../server/services.ts"; import "@fiscility/plaid-sandbox"; import "../../local/ports.ts";',
  "client/src/bad-example/c.ts": 'import "../../../server/services.ts";',
};

let broken: ReturnType<typeof brokenRules> | undefined;

/** `brokenRules` with the examples, run once: reading the tree takes longer than everything else here. */
function brokenWithExamples() {
  try {
    if (broken) return broken;
    for (const [file, text] of Object.entries(examples)) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    broken = brokenRules();
    return broken;
  } finally {
    for (const file of Object.keys(examples))
      rmSync(path.dirname(file), { recursive: true, force: true });
  }
}

test("Every import follows the rules of the architecture", () => {
  const ofTree = brokenWithExamples().filter(({ from }) => !from.includes("/bad-example/"));
  expect(ofTree).toEqual([]);
});

test("Each rule of the architecture catches a file that breaks it", () => {
  const ofExamples = brokenWithExamples().filter(({ from }) => from.includes("/bad-example/"));
  expect([...new Set(ofExamples.map(({ rule }) => rule))].sort()).toEqual([
    "adapters-know-no-feature",
    "app-takes-contracts-and-types",
    "client-takes-contracts-alone",
    "contracts-take-zod-alone",
    "db-takes-contracts-alone",
    "features-know-no-transport",
    "no-cycles",
    "no-utils",
    "only-auth-imports-better-auth",
    "only-db-builds-sql",
    "only-jobs-import-graphile-worker",
    "only-local-starts-the-sandbox",
    "only-main-reaches-local",
    "only-telemetry-imports-its-packages",
    "only-the-adapter-imports-plaid",
    "only-the-cache-imports-redis",
    "procedures-and-jobs-know-no-http",
  ]);
});

test("Only the process and its commands read the environment, and only the vault makes ciphers", () => {
  const touching = (pattern: RegExp) =>
    ["app", "server", "db", "migrations"]
      .flatMap(sources)
      .filter((file) => pattern.test(readFileSync(file, "utf8")))
      .sort();
  expect(touching(/process\.env/)).toEqual([
    "server/commands/api-key.ts",
    "server/commands/attempts.ts",
    "server/commands/books.ts",
    "server/commands/jobs.ts",
    "server/commands/migrate.ts",
    "server/commands/plan-requests.ts",
    "server/commands/plan.ts",
    "server/commands/refused-tokens.ts",
    "server/commands/rotate-keys.ts",
    "server/commands/user.ts",
    "server/commands/webhooks.ts",
    "server/main.ts",
    "server/worker-main.ts",
  ]);
  expect(touching(/create(C|Dec)ipheriv/)).toEqual(["server/vault/vault.ts"]);
});
