import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { isMatrix } from "../support/matrix.ts";
import { run } from "../support/packed-client.ts";

const root = path.join(import.meta.dirname, "../..");

describe.skipIf(!isMatrix)("A fresh clone", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "fiscility-clone-"));
    // PostgreSQL does not run as root, and its user must reach the data in this folder.
    chmodSync(folder, 0o755);
    await run("git", ["clone", "--quiet", root, folder]);
    // As after `npm ci`.
    for (const name of ["node_modules", "client/node_modules", "sandbox/node_modules"]) {
      await run("cp", ["-a", path.join(root, name), path.join(folder, name)]).catch(() => {
        if (name === "node_modules") throw new Error(`${name} was not copied`);
      });
    }
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // The goal is 60 s after `npm ci`. The annotation has the time, which depends on the machine.
  test("starts, makes an API key and responds to the first call", {
    timeout: 300_000,
  }, async ({ annotate }) => {
    const port = String(await freePort());
    const env: Partial<NodeJS.ProcessEnv> = {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, PORT: port },
      SANDBOX_PORT: String(await freePort()),
      MAIL_PORT: String(await freePort()),
    };
    const options = { cwd: folder, env: env as NodeJS.ProcessEnv };
    const begun = performance.now();
    const start = spawn("npm", ["start"], { ...options, detached: true });
    const ended = once(start, "exit");
    onTestFinished(async () => {
      if (start.exitCode === null) process.kill(-(start.pid as number), "SIGTERM");
      await ended;
    });
    let output = "";
    const isReady = new Promise<void>((resolve) => {
      for (const stream of [start.stdout, start.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          if (output.includes("Fiscility is at")) resolve();
        });
      }
    });
    const died = ended.then(() => {
      throw new Error(output);
    });
    await Promise.race([isReady, died]);
    const started = performance.now();
    const make = ["run", "--silent", "api-key", "--", "create", "demo@fiscility.test"];
    const { stdout: key } = await run("npm", make, options);
    const response = await fetch(`http://localhost:${port}/api/v1/accounts`, {
      headers: { authorization: `Bearer ${key.trim()}` },
    });
    expect([response.status, await response.json()]).toEqual([200, { items: [] }]);
    const seconds = (from: number) => ((performance.now() - from) / 1_000).toFixed(1);
    const total = seconds(begun);
    await annotate(`${total} s: npm start took all but ${seconds(started)} s of it`);
  });
});
