import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 41 });
});
afterAll(() => sandbox.close());

/** Runs a script under `-r point`, in a folder that has the SDK; returns its output. */
async function pointed(script: string): Promise<string> {
  const point = new URL("../point.cjs", import.meta.url).pathname;
  const child = spawn(process.execPath, ["-r", point, "-e", script], {
    cwd: import.meta.dirname,
    env: { ...process.env, PLAID_SANDBOX_URL: sandbox.url },
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  return text;
}

test("An SDK with Plaid's address built in talks to the sandbox", async () => {
  const said = await pointed(`
    const { Configuration, PlaidApi, PlaidEnvironments } = require("plaid");
    const plaid = new PlaidApi(new Configuration({
      basePath: PlaidEnvironments.sandbox,
      baseOptions: { headers: { "PLAID-CLIENT-ID": "c", "PLAID-SECRET": "s" } },
    }));
    plaid.institutionsGetById({ institution_id: "ins_109508", country_codes: ["US"] })
      .then(({ data }) => console.log(data.institution.name), (error) => console.log(error.message));
  `);
  expect(said.trim()).toBe("First Platypus Bank");
});

test("Requests to Plaid's servers by fetch and https.request go to the sandbox, and others do not", async () => {
  const said = await pointed(`
    const headers = { "content-type": "application/json", "plaid-client-id": "c", "plaid-secret": "s" };
    const https = require("node:https");
    fetch("https://production.plaid.com/item/get", { method: "POST", headers, body: "{}" })
      .then((response) => response.json())
      .then(({ error_code }) => {
        console.log(error_code);
        const sent = https.request("https://sandbox.plaid.com/nothing", { method: "POST", headers }, (response) => {
          console.log(response.statusCode);
          response.resume();
          https.get("https://other.invalid/", () => {}).on("error", ({ code }) => console.log(code));
        });
        sent.end("{}");
      });
  `);
  expect(said.trim().split("\n").slice(0, 2)).toEqual(["MISSING_FIELDS", "404"]);
  expect(said).toMatch(/ENOTFOUND|EAI_AGAIN/);
});
