import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build as esbuild, transform } from "esbuild";
import ts from "typescript";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { scope } from "../../server/contracts/api-keys.ts";
import { reasons } from "../../server/contracts/errors.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { packedClientProject, run } from "../support/packed-client.ts";
import { raiseDataVersion, revokeApiKeys, webhooksIn } from "../support/rows.ts";

const test = testWithApp();
let project: Awaited<ReturnType<typeof packedClientProject>>;
beforeAll(async () => {
  project = await packedClientProject();
});
afterAll(async () => {
  project?.remove();
});

const dist = (name: string) =>
  readFileSync(path.join(project.folder, "node_modules/@fiscility/client/dist", name), "utf8");

/** The path of an example in an installed package. */
const shipped = (name: string) => path.join("node_modules/@fiscility/client/examples", name);

/** The environment of this user's program. */
async function environmentOf(app: TestApp, user: TestUser) {
  const { key } = await createApiKey(app.services.db, user.id, {
    name: "Packed",
    scopes: scope.options,
    expiresInDays: 1,
  });
  return { ...process.env, FISCILITY_URL: app.url, FISCILITY_API_KEY: key };
}

test("The client imports no package but zod in its schemas, and nothing of Node (G1)", () => {
  const packages = (name: string) =>
    [...dist(name).matchAll(/(?:from|import|require)\s*\(?\s*["']([^"'.][^"']*)["']/g)].map(
      ([, specifier]) => specifier,
    );
  for (const extension of ["mjs", "cjs", "d.mts", "d.cts"]) {
    expect(packages(`index.${extension}`), extension).toEqual([]);
    expect(packages(`schemas.${extension}`), extension).toEqual(["zod"]);
    expect(dist(`index.${extension}`)).not.toMatch(
      /node:|process\.|kysely|better-auth|graphile|\bpg\b/,
    );
  }
});

/** A program that handles these reasons, and then does `last`. */
const switchOver = (names: string[], last: string) => `
  import type { FiscilityError } from "@fiscility/client";
  export function say(error: FiscilityError): string {
    switch (error.reason) {
      ${names.map((reason) => `case "${reason}": return "${reason}";`).join("\n")}
      default: { ${last} }
    }
  }`;

/** Every reason of an error of the client, and each that it has of its own. */
const allReasons = [
  ...Object.keys(reasons),
  ...["unreachable", "timed_out", "aborted", "unexpected_response"],
  ...["unknown_reason", "invalid_options"],
];

test("The packed client compiles in an empty strict project, where mistakes are errors, and so is a switch over the reasons that omits one (G1, G2)", async () => {
  const nothingLeft = "const left: never = error; return left;";
  const files = {
    "all.ts": switchOver(allReasons, nothingLeft),
    "all-but-one.ts": switchOver(
      allReasons.filter((reason) => reason !== "busy"),
      `const busy: "busy" = error.reason;
      // @ts-expect-error it is not nothing that is left
      ${nothingLeft}`,
    ),
    "types.ts": `
      import { createClient, isFiscilityError, type FiscilityError, type Account } from "@fiscility/client";
      const client = createClient({ baseUrl: "https://connect.example.com" });
      export async function names(): Promise<string[]> {
        const { items } = await client.accounts.list.query();
        const accounts: Account[] = items.flatMap((item) => item.accounts);
        const money: string | null = accounts[0]?.balances.current ?? null;
        return accounts.map((account) => account.name + money);
      }
      // @ts-expect-error balances are decimal strings
      const wrong: number = (await client.accounts.list.query()).items[0]!.accounts[0]!.balances.current;
      // @ts-expect-error there is no such procedure
      client.accounts.steal;
      // @ts-expect-error keys are for users to manage
      client.apiKeys;
      // @ts-expect-error only a user may delete the account
      client.account.delete;
      await client.plan.get.query(undefined, { timeoutMs: 1_000, retries: 0 });
      // @ts-expect-error the input has a public token
      await client.connectAccount.mutate({});
      export function read(error: unknown): string {
        if (!isFiscilityError(error)) throw error;
        if (error.reason === "limit_reached") return error.plan + error.limit + error.used + error.wanted;
        if (error.reason === "rate_limited") return String(error.retryAfterSeconds * 1000);
        if (error.reason === "unknown_reason") return error.serverReason;
        // @ts-expect-error only some reasons have a plan
        error.plan;
        return error.reason;
      }
      export const never: FiscilityError["reason"] extends string ? true : false = true;
    `,
    "old.cts": `
      import fiscility = require("@fiscility/client");
      const client = fiscility.createClient({ baseUrl: "https://connect.example.com" });
      export const plan: Promise<string> = client.plan.get.query().then(({ plan }) => plan.name);
    `,
    "webhooks.ts": `
      import { verifyWebhook, type WebhookEvent } from "@fiscility/client/webhooks";
      export async function itemOf(secret: string, request: Request): Promise<string | null> {
        const event = verifyWebhook(secret, request.headers, await request.text());
        if (event.type === "connection.connected") return event.data.itemId + event.data.accountCount;
        // @ts-expect-error a connection that failed has no Item
        if (event.type === "connection.failed") return event.data.itemId;
        return event.id;
      }
      // @ts-expect-error there is no such event
      export const wrong: WebhookEvent["type"] = "bank.robbed";
    `,
  };
  // With the client's own declarations checked, and without those of Node.
  await project.check(files, { libraries: true });
});

test("An editor shows the documentation of a procedure and each field, and the bundle does not contain it", () => {
  const name = "shown.ts";
  project.write({
    [name]: `import { createClient, type Transaction } from "@fiscility/client";
      const client = createClient({ baseUrl: "https://connect.example.com" });
      const page = await client.transactions.list.query({ minAmount: "1" });
      export const amounts = page.transactions.map((each) => each.amount);
      export const ofType = (one: Transaction) => one.pending;`,
  });
  const file = path.join(project.folder, name);
  const module = ts.ModuleKind.NodeNext;
  const program = ts.createProgram([file], {
    module,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    // No others are read: an editor's other files are not what is tested.
    lib: ["lib.es2022.d.ts"],
    types: [],
  });
  const checker = program.getTypeChecker();
  const shown: Record<string, string> = {};
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker));
      if (text) shown[node.text] = text;
    }
    ts.forEachChild(node, visit);
  };
  visit(program.getSourceFile(file) as ts.Node);
  expect(shown.list).toMatch(
    /newest first.*Scope: `transactions:read`.*GET \/api\/v1\/transactions/s,
  );
  expect(shown.amount).toMatch(/Positive: money left the account/);
  expect(shown.pending).toMatch(/Not posted yet/);
  for (const bundle of ["index.mjs", "index.cjs", "schemas.mjs", "schemas.cjs"])
    expect(dist(bundle)).not.toMatch(/\.describe\(|money left the account/);
});

test("createClient alone is at most 20 kB in a browser's bundle, and the installed package at most 1 MB", async () => {
  const entry = path.join(project.folder, "entry.mjs");
  writeFileSync(
    entry,
    'import { createClient } from "@fiscility/client"; globalThis.made = createClient;',
  );
  const bundled = await esbuild({ entryPoints: [entry], bundle: true, minify: true, write: false });
  const built = await vite({
    root: project.folder,
    configFile: false,
    logLevel: "silent",
    build: { write: false, modulePreload: false, rollupOptions: { input: entry } },
  });
  const [output] = [built].flat();
  const chunk = output && "output" in output ? output.output[0].code : "";
  for (const code of [bundled.outputFiles[0]?.text ?? "", chunk]) {
    expect(code).toContain("fsk_");
    expect(code).not.toMatch(/ZodError|invalid_union/);
    expect(gzipSync(code).length).toBeLessThan(20_000);
  }
  const { stdout } = await run("du", ["-sk", path.join(project.folder, "node_modules/@fiscility")]);
  expect(Number.parseInt(stdout, 10)).toBeLessThan(1_000);
  const manifest = path.join(project.folder, "node_modules/@fiscility/client/package.json");
  expect(JSON.parse(readFileSync(manifest, "utf8"))).not.toHaveProperty("dependencies");
});

/** The examples that are programs. */
const programs = ["list-accounts.ts", "connect-a-bank.ts", "follow-live-events.ts"];

/** The snippets of the README, without their import of the client: `before` is put before each. */
function readmeSnippets(before: (snippet: string) => string): { name: string; text: string }[] {
  const readme = readFileSync(
    path.join(project.folder, "node_modules/@fiscility/client/README.md"),
    "utf8",
  );
  return [...readme.matchAll(/```(tsx?)\n(.*?)```/gs)].map(([, extension, text = ""], at) => ({
    name: `readme-${at}.${extension}`,
    text: before(text) + text.replace(/import \{ createClient, isFisc.*\n/, ""),
  }));
}

test("The snippets of the README compile, and so do the examples (G6)", async () => {
  const snippets = readmeSnippets(
    (snippet) => `
    import { createClient, isFiscilityError, type FiscilityClient } from "@fiscility/client";
    ${/const client = /.test(snippet) ? "" : "declare const client: FiscilityClient;"}
    declare const publicToken: string;
  `,
  );
  expect(snippets.length).toBeGreaterThan(8);
  project.install(
    ...["react", "@types/react", "@tanstack/react-query", "@opentelemetry/api", "@types/node"],
  );
  // Where no other test's program looks for files.
  const folder = path.join(project.folder, "node_modules/.readme");
  mkdirSync(folder);
  for (const { name, text } of snippets) writeFileSync(path.join(folder, name), text);
  const tsc = path.join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
  const options = ["--module", "esnext", "--moduleResolution", "bundler", "--jsx", "react-jsx"];
  const strict = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"];
  const others = ["--target", "es2022", "--noEmit", "--skipLibCheck", "--types", "node"];
  for (const name of programs)
    cpSync(path.join(project.folder, shipped(name)), path.join(folder, name));
  const files = [...snippets.map(({ name }) => name), ...programs].map((name) =>
    path.join(folder, name),
  );
  await run(process.execPath, [tsc, ...options, ...strict, ...others, ...files]).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout);
    },
  );
});

/** Snippets that only compile: `tests/e2e/react-example.test.ts` renders such a component. */
const notRun = [/@fiscility\/client\/react/];
/** The snippet whose loop ends when its program does. */
const isEndless = /client\.live\.changes\.iterate/;

test("The snippets of the README run against an app and a local Plaid, in one program", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const env = await environmentOf(app, user);
  const sandbox = {
    url: app.sandboxUrl,
    ...{ clientId: "test-client-id", secret: "a-secret-for-tests" },
  };
  const options = "{ baseUrl: process.env.FISCILITY_URL, apiKey: process.env.FISCILITY_API_KEY }";
  const all = readmeSnippets(
    (snippet) => `
    import { createClient, isFiscilityError } from "@fiscility/client";
    ${/const client = /.test(snippet) ? "" : `const client = createClient(${options});`}
    const { PUBLIC_TOKEN: publicToken } = process.env;
  `,
  );
  const ran = all.filter(({ text }) => !notRun.some((pattern) => pattern.test(text)));
  expect(all.length - ran.length).toBe(notRun.length);
  const folder = path.join(project.folder, "readme");
  mkdirSync(folder);
  for (const { name, text } of ran) {
    // The README names the addresses of an installation and of `npm start`.
    const here = text
      .replaceAll('"https://connect.example.com"', JSON.stringify(app.url))
      .replace("createSandbox()", `createSandbox(${JSON.stringify(sandbox)})`);
    const { code } = await transform(here, { loader: "ts", format: "esm" });
    writeFileSync(path.join(folder, name.replace(/\.ts$/, ".mjs")), code);
  }
  const names = (endless: boolean) =>
    ran
      .filter(({ text }) => isEndless.test(text) === endless)
      .map(({ name }) => `./${name.replace(/\.ts$/, ".mjs")}`);
  expect(names(true)).toHaveLength(1);
  writeFileSync(
    path.join(folder, "all.mjs"),
    `const ran = [], statuses = [];
    for (const name of ${JSON.stringify(names(false))}) {
      const { POST } = await import(name).catch((cause) => { throw new Error(name, { cause }); });
      ran.push(name);
      if (POST) statuses.push((await POST(new Request("http://localhost", { method: "POST", body: "{}" }))).status);
    }
    const { log } = console;
    // Its first event has arrived.
    console.log = () => { log(JSON.stringify({ ran, statuses })); process.exit(0); };
    await import("${names(true)[0]}");`,
  );
  project.install("@opentelemetry/api");
  const forged = { WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}` };
  const publicToken = await app.publicToken("ins_109511");
  const { stdout } = await run(process.execPath, ["all.mjs"], {
    cwd: folder,
    env: { ...env, ...forged, PUBLIC_TOKEN: publicToken },
  });
  const done = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  expect(done).toEqual({ ran: names(false), statuses: [400] });
  const banks = await app.query(
    "select institution_name as bank from items where user_id = $1 order by bank",
    [user.id],
  );
  expect(banks).toEqual([{ bank: "First Platypus Bank" }, { bank: "Tartan Bank" }]);
  expect(readFileSync(path.join(folder, "fiscility.ndjson"), "utf8")).toContain("Tartan Bank");
  await app.clearFaults();
});

test("A script with a key lists accounts, as an ES module and as CommonJS (G1)", async ({
  app,
}) => {
  const ada = await app.signUp("analyst");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  const script = (load: string) => `${load}
    const client = createClient({ baseUrl: process.env.FISCILITY_URL, apiKey: process.env.FISCILITY_API_KEY });
    client.accounts.list.query().then(({ items }) => {
      for (const account of items.flatMap((item) => item.accounts)) console.log(account.name, account.balances.current);
    });`;
  project.write({
    "list.mjs": script('import { createClient } from "@fiscility/client";'),
    "list.cjs": script('const { createClient } = require("@fiscility/client");'),
  });
  const env = await environmentOf(app, ada);
  for (const file of ["list.mjs", "list.cjs"]) {
    const { stdout } = await run(process.execPath, [file], { cwd: project.folder, env });
    expect(stdout).toContain("Plaid Checking 110");
  }
});

test("The live example prints at once and after a change, and resumes (G6)", async ({ app }) => {
  const name = "follow-live-events.ts";
  const ada = await app.signUp("analyst");
  const env = await environmentOf(app, ada);
  const tsx = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
  const start = (more: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [...tsx, shipped(name)], {
      cwd: project.folder,
      env: { ...env, ...more },
    });
    const lines: string[] = [];
    for (const output of [child.stdout, child.stderr]) {
      output
        .setEncoding("utf8")
        .on("data", (text: string) => lines.push(...text.trim().split("\n")));
    }
    return { lines, ended: once(child, "exit"), stop: () => child.kill("SIGINT") };
  };
  const first = start();
  await expect.poll(() => first.lines).toHaveLength(1);
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await expect.poll(() => first.lines).toHaveLength(2);
  first.stop();
  expect(await first.ended).toEqual([0, null]);
  expect(first.lines[0]).toMatch(/^0\.\d+: no banks yet$/);
  const [, seen = ""] = /^(1\.\d+): First Platypus Bank \(\d+\)$/.exec(first.lines[1] ?? "") ?? [];
  expect(seen, first.lines[1]).not.toBe("");

  const second = start({ LAST_EVENT_ID: seen });
  await expect.poll(() => app.services.live.size).toBe(1);
  await raiseDataVersion(app, ada);
  await expect.poll(() => second.lines).toHaveLength(1);
  expect(second.lines[0]).toMatch(/^2\.\d+: First Platypus/);
  await revokeApiKeys(app, ada);
  expect(await second.ended).toEqual([1, null]);
  expect(second.lines[1]).toMatch(/^api_key_revoked: /);
});

test("The examples do what they say with the packed client (G6)", async ({ app }) => {
  const ada = await app.signUp("analyst");
  const plaid = {
    PLAID_URL: app.sandboxUrl,
    PLAID_CLIENT_ID: "test-client-id",
    PLAID_SECRET: "a-secret-for-tests",
  };
  const asAda = await environmentOf(app, ada);
  const env = { ...asAda, ...plaid };
  const tsx = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
  const program = async (name: string) =>
    (await run(process.execPath, [...tsx, shipped(name)], { cwd: project.folder, env })).stdout;
  expect(await program("connect-a-bank.ts")).toMatch(/First Platypus Bank connected: \d+ accounts/);
  expect(await program("list-accounts.ts")).toContain("Plaid Checking ••0000  110 USD");
  const { stdout } = await run(shipped("service.sh"), [], { cwd: project.folder, env });
  // Both banks, connected without Link, know where to send their webhooks.
  const itemsTold = async () => new Set((await webhooksIn(app)).map((each) => each.plaid_item_id));
  await expect.poll(async () => (await itemsTold()).size).toBeGreaterThanOrEqual(2);
  const [connected, accounts] = stdout.trim().split("\n");
  expect(JSON.parse(connected ?? "").outcome).toBe("connected");
  expect(JSON.parse(accounts ?? "").items).toHaveLength(2);
  const wrong = { ...env, FISCILITY_API_KEY: `${env.FISCILITY_API_KEY.slice(0, -1)}x` };
  await expect(
    run(shipped("service.sh"), [], { cwd: project.folder, env: wrong }),
  ).rejects.toMatchObject({
    stdout: expect.stringContaining("api_key_invalid"),
  });
});
