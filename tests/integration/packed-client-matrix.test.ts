import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";
import { packedClientProject, run } from "../support/packed-client.ts";

const test = testWithApp();

/** Packages from the registry besides the repository's: compilers, runtimes, and checkers of packages. */
const tools = [
  ...["5.4", "6.0", "7"].map((version) => `typescript-${version}@npm:typescript@${version}`),
  ...["22", "24"].map((version) => `node-${version}@npm:node@${version}`),
  ...["bun@1", "deno@2", "publint", "@arethetypeswrong/cli"],
];

describe.skipIf(!isMatrix)("The packed client", () => {
  let project: Awaited<ReturnType<typeof packedClientProject>>;
  let folder: string;
  const tool = (name: string) => path.join(folder, "node_modules", name);
  beforeAll(async () => {
    project = await packedClientProject();
    folder = mkdtempSync(path.join(tmpdir(), "fiscility-tools-"));
    await run("npm", ["install", "--silent", "--prefix", folder, ...tools]);
  }, 300_000);
  afterAll(() => {
    project?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test("compiles with TypeScript 5.4, 6 and 7, with its own declarations checked and no other types", async () => {
    project.write({
      "program.ts": `
        import { createClient, type Account } from "@fiscility/client";
        import { createSandbox } from "@fiscility/client/sandbox";
        import { createStubClient, fiscilityError } from "@fiscility/client/testing";
        const client = createClient({ baseUrl: "https://connect.example.com" });
        const { items } = await client.accounts.list.query();
        export const accounts: Account[] = items.flatMap((item) => item.accounts);
        export const stub = createStubClient({
          plan: { get: () => { throw fiscilityError("busy"); } },
        });
        export const sandbox = createSandbox();
        for await (const { amount } of client.transactions.iterate()) amount.length;
      `,
      "old.cts": `
        import fiscility = require("@fiscility/client");
        export const client = fiscility.createClient({ baseUrl: "https://connect.example.com" });
      `,
    });
    for (const name of ["typescript-5.4", "typescript-6.0", "typescript-7"]) {
      const tsc = [
        path.join(tool(name), "bin/tsc"),
        "-p",
        project.folder,
        "--skipLibCheck",
        "false",
      ];
      const { stdout } = await run(process.execPath, tsc).catch((error) => error);
      expect(stdout, name).toBe("");
    }
  });

  test("compiles its examples as Node's modules", async () => {
    const examples = path.join(project.folder, "node_modules/@fiscility/client/examples");
    const programs = readdirSync(examples).filter((name) => name.endsWith(".ts"));
    expect(programs).not.toEqual([]);
    const read = (name: string) => readFileSync(path.join(examples, name), "utf8");
    await project.check(Object.fromEntries(programs.map((name) => [name, read(name)])), {
      node: true,
    });
  });

  test("runs on Node 22 and 24, Bun and Deno", async ({ app }) => {
    const ada = await app.signUp();
    const input = { name: "Key", scopes: ["accounts:read" as const], expiresInDays: 1 };
    const { key } = await createApiKey(app.services.db, ada.id, input);
    project.write({
      "program.mjs": `
        import { createClient } from "@fiscility/client";
        const client = createClient({ baseUrl: "${app.url}", apiKey: "${key}" });
        const { plan } = await client.plan.get.query();
        for await (const { data } of client.live.changes.iterate()) {
          console.log(plan.id, data.dataVersion);
          break;
        }
        await client.activity.list.query().catch(({ reason, stack }) =>
          console.log(reason, stack.includes("program.mjs")));
      `,
    });
    const runtimes: [string, string[]][] = [
      [path.join(tool("node-22"), "bin/node"), []],
      [path.join(tool("node-24"), "bin/node"), []],
      [path.join(tool("bun"), "bin/bun.exe"), ["run"]],
      [path.join(tool("deno"), "deno"), ["run", "--allow-net", "--node-modules-dir=manual"]],
    ];
    for (const [runtime, options] of runtimes) {
      const program = [...options, "program.mjs"];
      const { stdout } = await run(runtime, program, { cwd: project.folder });
      expect([runtime, stdout]).toEqual([runtime, "intern 0\nscope_missing true\n"]);
    }
  });

  test("resolves in every mode that supports subpaths, and is well-formed", async () => {
    const installed = path.join(project.folder, "node_modules/@fiscility/client");
    const publint = [path.join(tool("publint"), "src/cli.js"), installed, "--strict"];
    expect((await run(process.execPath, publint)).stdout).toContain("All good!");
    const { stdout: packed } = await run("npm", [
      ...["pack", "--silent", "--ignore-scripts", "--pack-destination", folder, installed],
    ]);
    const attw = path.join(tool("@arethetypeswrong/cli"), "dist/index.js");
    const tarball = path.join(folder, packed.trim());
    await run(process.execPath, [attw, tarball, "--profile", "node16"]).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout);
      },
    );
  });
});
