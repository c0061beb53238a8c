import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { freePort } from "../../local/ports.ts";
import { until } from "../support/until.ts";
import { buildWith, findEngine } from "./engines.ts";
import { confined, scan } from "./image.ts";
import { runSteps } from "./run-steps.ts";

/**
 * `npm run image`: builds the image with docker, podman or buildah, or where none is installed runs the
 * Dockerfile's steps without one. Scans what is in it, and runs it as compose.yaml would, as another user, on
 * a read-only file system and without capabilities: each command, the worker, and the server, with everything
 * that is loaded only on demand. Run it as root, so that it can switch to another user.
 */
const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "fiscility-image-test-"));
execFileSync("chmod", ["755", folder]);
const print = (line: string) => process.stdout.write(`${line}\n`);

const database = await startEmbeddedDatabase(path.join(folder, "postgres"), "image-test-password");
try {
  const engine = findEngine();
  print(engine ? `Built with ${engine}.` : "No container engine: the Dockerfile's steps run here.");
  const image = engine ? buildWith(engine, root) : runSteps(root);
  const run = (program: string, args: string[]) => confined(image, program, args);
  const { files, bytes } = scan(image);
  print(`${files} files of ${(bytes / 1e6).toFixed(1)} MB, each readable and none writable.`);
  // What the lockfile brings into the bundles. The base image's own packages are not in it.
  const bill = execFileSync(
    "npm",
    [
      "sbom",
      "--sbom-format=cyclonedx",
      "--sbom-type=application",
      "--omit=dev",
      "--package-lock-only",
    ],
    { cwd: root, maxBuffer: 32 * 1024 * 1024 },
  );
  const { components } = JSON.parse(bill.toString()) as { components: { purl: string }[] };
  mkdirSync(path.join(root, "build"), { recursive: true });
  writeFileSync(path.join(root, "build/sbom.cdx.json"), bill);
  print(`build/sbom.cdx.json names ${components.length} packages.`);
  await database.create("image");
  const port = String(await freePort());
  const metricsPort = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    ...image.env,
    HOME: "/nonexistent",
    PORT: port,
    DATABASE_URL: database.urlOf("image"),
    REDIS_URL: "redis://127.0.0.1:1",
    PLAID_CLIENT_ID: randomBytes(12).toString("hex"),
    PLAID_SECRET: randomBytes(15).toString("hex"),
    PLAID_ENV: "sandbox",
    TOKEN_KEYS: `i1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
    APP_URL: "https://connect.fiscility.com",
    SMTP_URL: "smtp://127.0.0.1:1",
    MAIL_FROM: "Fiscility <accounts@fiscility.com>",
    WORKER: "apart",
    // Loaded only when set, like metrics.
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  };
  const as = { cwd: image.app, env };
  for (const name of ["migrate", "jobs", "attempts", "rotate-keys"]) {
    print(
      execFileSync(...run("node", [`build/node/${name}.mjs`]), as)
        .toString()
        .trim(),
    );
  }
  const start = (args: string[], metrics: string) => {
    const [program = "", ...rest] = args;
    const child = spawn(...run(program, rest), {
      ...as,
      env: { ...env, METRICS_PORT: metrics },
    });
    let output = "";
    child.stderr.on("data", (text) => {
      output += text;
    });
    child.stdout.resume();
    const ended = once(child, "exit");
    return {
      said: () => output,
      async stop() {
        child.kill("SIGTERM");
        const [code] = await ended;
        if (code !== 0) process.stderr.write(output);
        return code as number;
      },
    };
  };
  const server = start(image.command, metricsPort);
  const worker = start(["node", "build/node/worker-main.mjs"], String(await freePort()));
  try {
    await until(() => spawnSync(...run("sh", ["-c", image.healthcheck]), as).status === 0);
    print("The health check reports healthy.");
    await until(() => worker.said().includes("The worker takes jobs."));
    print("The worker takes jobs.");
    // As the load balancer forwards it.
    const headers = { origin: env.APP_URL as string, "x-forwarded-proto": "https" };
    const user = {
      name: "Ada",
      email: "ada@example.com",
      password: randomBytes(12).toString("hex"),
    };
    const send = (where: string) => {
      const body = new URLSearchParams(user);
      return fetch(url + where, { method: "POST", body, headers, redirect: "manual" });
    };
    await send("/signup");
    const loggedIn = await send("/login");
    const cookie = loggedIn.headers.getSetCookie().map((one) => one.split(";")[0]);
    const page = await fetch(`${url}/dashboard`, {
      headers: { ...headers, cookie: cookie.join("; ") },
      redirect: "manual",
    });
    if (page.status !== 200) throw new Error(`/dashboard after signing up: ${page.status}`);
    print("A user signs up, logs in and has a dashboard.");
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    if (metrics.status !== 200) throw new Error(`/metrics: ${metrics.status}`);
    print("Metrics are served.");
  } finally {
    process.exitCode = Math.max(...(await Promise.all([server.stop(), worker.stop()])));
  }
  print(`SIGTERM ended them with ${process.exitCode}.`);
  image.close();
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
