import { cpSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build as esbuild } from "esbuild";
import express from "express";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { openPage } from "../support/browser.ts";
import { packedClientProject, run } from "../support/packed-client.ts";
import { revokeApiKeys } from "../support/rows.ts";

const test = testInBrowser();
/** For both kinds of worker: sends the number of banks and the first live event, or why it could not. */
const workerProgram = `
  import { createClient } from "@fiscility/client";
  self.onmessage = async ({ data, ports: [port] }) => {
    try {
      const client = createClient(data);
      const { items } = await client.accounts.list.query();
      for await (const { data: { dataVersion } } of client.live.changes.iterate()) {
        port.postMessage({ banks: items.length, dataVersion });
        return;
      }
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  };`;
const root = path.join(import.meta.dirname, "../..");
let project: Awaited<ReturnType<typeof packedClientProject>>;
let url = "";
let stop = () => {};
beforeAll(async () => {
  project = await packedClientProject();
  project.install(
    "react",
    "react-dom",
    "@types/react",
    "@types/react-dom",
    "@tanstack/react-query",
  );
  const folder = path.join(project.folder, "app");
  const example = path.join(project.folder, "node_modules/@fiscility/client/examples/react-app");
  cpSync(example, folder, { recursive: true });
  const [tsc, vite] = ["typescript/bin/tsc", "vite/bin/vite.js"].map((name) =>
    path.join(root, "node_modules", name),
  ) as [string, string];
  await run(process.execPath, [tsc, "-p", folder]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
  await run(process.execPath, [vite, "build"], { cwd: folder });
  project.write({ "worker.mjs": workerProgram });
  await esbuild({
    entryPoints: [path.join(project.folder, "worker.mjs")],
    bundle: true,
    outfile: path.join(folder, "dist/worker.js"),
  });
  const server = express()
    .use(express.static(path.join(folder, "dist")))
    .listen(0);
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  stop = () => server.close();
});
afterAll(() => {
  stop();
  project?.remove();
});

test("The React example shows accounts and older transactions, follows live changes, and says when its key is revoked", async ({
  app,
  browser,
}) => {
  const worker = await startWorker(app.services);
  onTestFinished(() => worker.stop());
  const ada = await app.signUp("analyst");
  const { key } = await createApiKey(app.services.db, ada.id, {
    name: "React",
    scopes: ["accounts:read", "transactions:read"],
    expiresInDays: 1,
  });
  const { page } = await openPage(browser);
  await page.goto(url);
  await page.getByLabel("Fiscility").fill(app.url);
  await page.getByLabel("API key").fill("fsk_nonsense");
  await page.getByRole("button", { name: "Show accounts" }).click();
  await page.getByRole("alert").getByText("was not copied whole").waitFor();
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Show accounts" }).click();
  await page.getByRole("heading", { name: "No accounts yet" }).waitFor();

  const publicToken = await app.publicToken();
  await app.post("/plaid/exchange-token", { public_token: publicToken }, ada);
  await page.getByText("Plaid Checking ••0000: 110 USD").waitFor();
  const transactions = page.locator("ol > li");
  await expect.poll(() => transactions.count()).toBe(50);
  await page.getByRole("button", { name: "Show older transactions" }).click();
  await expect.poll(() => transactions.count()).toBeGreaterThan(50);

  await revokeApiKeys(app, ada);
  await page.getByRole("status").getByText("This API key was revoked").waitFor();
});

test("The packed client calls the API and follows live changes in a Worker and in a service worker", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp("analyst");
  const { key } = await createApiKey(app.services.db, ada.id, {
    ...{ name: "Worker", scopes: ["accounts:read" as const], expiresInDays: 1 },
  });
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  const { page } = await openPage(browser);
  await page.goto(url);
  const options = { baseUrl: app.url, apiKey: key };
  for (const kind of ["worker", "service worker"]) {
    const received = await page.evaluate(
      async ([kind, options]) => {
        const { port1, port2 } = new MessageChannel();
        const result = new Promise((resolve) => {
          port1.onmessage = ({ data }) => resolve(data);
        });
        if (kind === "worker") {
          new Worker("/worker.js").postMessage(options, [port2]);
        } else {
          await navigator.serviceWorker.register("/worker.js");
          const { active } = await navigator.serviceWorker.ready;
          active?.postMessage(options, [port2]);
        }
        return result;
      },
      [kind, options] as const,
    );
    expect(received, kind).toEqual({ banks: 1, dataVersion: expect.any(Number) });
  }
});
