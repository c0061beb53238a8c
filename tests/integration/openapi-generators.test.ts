import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";
import { run } from "../support/packed-client.ts";

const test = testWithApp();

/** One call that succeeds and one that fails with details, with the client of each generator. */
const programs: Record<string, string> = {
  "openapi-typescript.ts": `
    import createClient from "openapi-fetch";
    import type { paths } from "./openapi-typescript-types.ts";
    const { URL: baseUrl, KEY } = process.env;
    const client = createClient<paths>({ baseUrl, headers: { authorization: "Bearer " + KEY } });
    const { data } = await client.GET("/api/v1/plan");
    const { error } = await client.POST("/api/v1/connections", { body: { public_token: "x" } });
    if (error?.error.reason === "scope_missing") console.log(data?.plan.id, error.error.details.required);
  `,
  "hey-api.ts": `
    import { client } from "./hey-api/client.gen";
    import { connectAccount, planGet } from "./hey-api/sdk.gen";
    client.setConfig({ baseUrl: process.env.URL, auth: process.env.KEY });
    const { data } = await planGet();
    const { error } = await connectAccount({ body: { public_token: "x" } });
    if (error?.error.reason === "scope_missing") console.log(data?.plan.id, error.error.details.required);
  `,
  "orval.ts": `
    import { connectAccount, planGet } from "./orval-client";
    const { URL: baseUrl, KEY } = process.env;
    const send = globalThis.fetch;
    globalThis.fetch = (path, init) => send(baseUrl + String(path), init);
    const headers = { authorization: "Bearer " + KEY };
    const plan = await planGet({ headers });
    const made = await connectAccount({ public_token: "x" }, { headers });
    if (plan.status === 200 && made.status === 403 && made.data.error.reason === "scope_missing")
      console.log(plan.data.plan.id, made.data.error.details.required);
  `,
};

test.skipIf(!isMatrix)(
  "Spectral finds nothing wrong with the OpenAPI document, and the clients that openapi-typescript, Hey API and orval generate from it compile and call",
  async ({ app }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "fiscility-generated-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
    write("package.json", '{ "private": true, "type": "module" }');
    write("openapi.json", await (await fetch(`${app.url}/api/openapi.json`)).text());
    const inFolder = { cwd: folder, maxBuffer: 50_000_000 };
    const tools = ["openapi-typescript@7", "openapi-fetch", "@hey-api/openapi-ts", "orval"];
    const linter = "@stoplight/spectral-cli@6";
    const compilers = ["typescript@5.9", "@types/node@20"];
    await run("npm", ["install", "--silent", linter, ...tools, ...compilers], inFolder);
    const make = (...args: string[]) => run("npx", args, inFolder);
    write(".spectral.yaml", 'extends: ["spectral:oas"]');
    const linted = await make("spectral", "lint", "openapi.json", "--fail-severity", "hint");
    expect(linted.stdout).toContain("No results");
    await make("openapi-typescript", "openapi.json", "-o", "openapi-typescript-types.ts");
    await make("openapi-ts", "-i", "openapi.json", "-o", "hey-api", "-c", "@hey-api/client-fetch");
    await make(
      "orval",
      "--input",
      "openapi.json",
      "--output",
      "orval-client.ts",
      "--client",
      "fetch",
    );

    for (const [name, program] of Object.entries(programs)) write(name, program);
    const options = ["--strict", "--noEmit", "--skipLibCheck", "--allowImportingTsExtensions"];
    const modules = ["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022"];
    const checked = await make("tsc", ...options, ...modules, ...Object.keys(programs)).catch(
      (error: { stdout: string }) => error,
    );
    expect(checked.stdout).toBe("");

    const { id } = await app.signUp();
    const input = { name: "Key", scopes: ["accounts:read" as const], expiresInDays: 1 };
    const { key } = await createApiKey(app.services.db, id, input);
    const tsx = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
    for (const name of Object.keys(programs)) {
      const env = { ...process.env, URL: app.url, KEY: key };
      const { stdout } = await run(process.execPath, [...tsx, name], { ...inFolder, env });
      expect([name, stdout]).toEqual([name, "intern connections:write\n"]);
    }
  },
  300_000,
);
