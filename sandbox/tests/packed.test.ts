import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSandbox } from "../src/index.ts";

const run = promisify(execFile);
const workspace = path.join(import.meta.dirname, "..");
const root = path.join(workspace, "..");

/** `MATRIX=1` runs these tests, because compiling and packing takes longer than everything else here. */
const isMatrix = process.env.MATRIX === "1";

describe.skipIf(!isMatrix)("The packed package", () => {
  let folder: string;
  let installed: string;

  /**
   * An empty project with the packed sandbox and what it declares, as `npm install <tarball>` makes it,
   * without the registry: the declared packages are copied from this repository.
   */
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "packed-sandbox-"));
    const modules = path.join(folder, "node_modules");
    installed = path.join(modules, "@fiscility/plaid-sandbox");
    mkdirSync(installed, { recursive: true });
    await run("npm", ["run", "build", "--silent"], { cwd: workspace });
    const packed = await run("npm", ["pack", "./dist", "--json", "--pack-destination", folder], {
      cwd: workspace,
    });
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    await run("tar", [
      "-xzf",
      path.join(folder, filename),
      "-C",
      installed,
      "--strip-components=1",
    ]);
    const copyDeclared = (of: string) => {
      const { dependencies = {} } = manifestOf(of);
      for (const name of Object.keys(dependencies)) {
        const from = path.join(root, "node_modules", name);
        cpSync(from, path.join(modules, name), { recursive: true });
        copyDeclared(from);
      }
    };
    copyDeclared(installed);
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "stranger" }));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function manifestOf(of: string) {
    return JSON.parse(readFileSync(path.join(of, "package.json"), "utf8")) as {
      license: string;
      bin: Record<string, string>;
      dependencies?: Record<string, string>;
    };
  }

  /** Runs a script in the project, with Node's own options first. */
  const script = (source: string, ...options: string[]) =>
    run(process.execPath, [...options, "-e", source], { cwd: folder, env: cleanEnv() });

  /** The environment without the variables that the test runner sets for its processes. */
  function cleanEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, NODE_ENV: "test", ...extra };
  }

  test("is MIT, compiled, and needs no compiler", () => {
    const { license, dependencies } = manifestOf(installed);
    expect(license).toBe("MIT");
    expect(readFileSync(path.join(installed, "LICENSE"), "utf8")).toContain("MIT License");
    expect(Object.keys(dependencies ?? {})).not.toContain("tsx");
    expect(readFileSync(path.join(installed, "README.md"), "utf8")).toContain("npx @fiscility/");
  });

  test("starts as npx starts it, serves the API and Link, and stops", async () => {
    const bin = path.join(installed, manifestOf(installed).bin["plaid-sandbox"] ?? "");
    expect(readFileSync(bin, "utf8").split("\n")[0]).toBe("#!/usr/bin/env node");
    const child = spawn(process.execPath, [bin, "--port", "0", "--memory"], {
      cwd: folder,
      env: cleanEnv(),
    });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = "";
        child.stdout.on("data", (chunk) => {
          said += chunk;
          const found = /http:\/\/localhost:\d+/.exec(said);
          if (found) resolve(found[0]);
        });
        child.stderr.on("data", (chunk) => reject(new Error(String(chunk))));
      });
      const headers = {
        "content-type": "application/json",
        "plaid-client-id": "c",
        "plaid-secret": "s",
      };
      const body = JSON.stringify({ institution_id: "ins_109508", country_codes: ["US"] });
      const bank = await fetch(`${url}/institutions/get_by_id`, { method: "POST", headers, body });
      expect(await bank.json()).toMatchObject({ institution: { name: "First Platypus Bank" } });
      for (const file of [
        "/link/v2/stable/link-initialize.js",
        "/link/index.html",
        "/link/link.css",
      ])
        expect((await fetch(url + file)).status, file).toBe(200);
    } finally {
      const ended = new Promise((resolve) => child.on("exit", resolve));
      child.kill("SIGINT");
      expect(await ended).toBe(0);
    }
  });

  test.each([
    [
      "an ES module",
      `const { startSandbox } = await import("@fiscility/plaid-sandbox");`,
      "module",
    ],
    ["CommonJS", `const { startSandbox } = require("@fiscility/plaid-sandbox");`, "commonjs"],
  ])("exports startSandbox to %s", async (_name, load, type) => {
    const { stdout } = await script(
      `${load} startSandbox({ seed: 1 }).then(async (sandbox) => {
      console.log((await fetch(sandbox.url + "/_control/settings")).status);
      await sandbox.close();
    });`,
      `--input-type=${type}`,
    );
    expect(stdout.trim()).toBe("200");
  });

  test("redirects requests to Plaid when point is preloaded by the package's name", async () => {
    const sandbox = await startSandbox();
    const { stdout } = await run(
      process.execPath,
      [
        ...["-r", "@fiscility/plaid-sandbox/point", "-e"],
        `fetch("https://sandbox.plaid.com/item/get", { method: "POST", body: "{}" })
        .then((answer) => answer.json()).then(({ error_code }) => console.log(error_code));`,
      ],
      { cwd: folder, env: cleanEnv({ PLAID_SANDBOX_URL: sandbox.url }) },
    );
    expect(stdout.trim()).toBe("INVALID_HEADERS");
    await sandbox.close();
  });

  test("serves Link's script from the package through routePlaid", async () => {
    const { stdout } = await script(
      `import { routePlaid } from "@fiscility/plaid-sandbox/playwright";
    await routePlaid({ async route(url, handler) {
      console.log(url);
      await handler({ async fulfill({ body }) { console.log(body.split("\\n")[0]); } });
    } }, "http://localhost:4001/");`,
      "--input-type=module",
    );
    expect(stdout.trim().split("\n")).toEqual([
      "https://cdn.plaid.com/link/v2/stable/link-initialize.js",
      'window.__plaidSandbox = "http://localhost:4001";',
    ]);
  });
});
