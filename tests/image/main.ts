import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { freePort } from "../../local/ports.ts";
import { until } from "../support/until.ts";

/**
 * `npm run image`: runs the Dockerfile's steps, one after the other, in clean folders instead of a container
 * engine and with the base image's Node from npm. Then runs the result as another user, on a read-only file
 * system and without capabilities: each command, the worker, and the server, with everything that is loaded
 * only on demand. It cannot test the rest of the base image. Run it as root, so that it can switch to another
 * user.
 */
const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "fiscility-image-"));
execFileSync("chmod", ["755", folder]);
/**
 * Confines a process as compose.yaml confines a container, with the same kernel features: another user
 * without capabilities, who cannot gain any, and a read-only file system.
 * https://man7.org/linux/man-pages/man1/setpriv.1.html
 */
const confined = (program: string, args: string[]): [string, string[]] => {
  const readOnly = "mount --make-rprivate / && mount -o remount,bind,ro /";
  const nobody = "--reuid=65534 --regid=65534 --clear-groups";
  const bare = "--bounding-set=-all --inh-caps=-all --no-new-privs";
  const script = `${readOnly} && exec setpriv ${nobody} ${bare} -- "$@"`;
  return ["unshare", ["--mount", "sh", "-c", script, "sh", program, ...args]];
};

let stage = "";
let command: string[] = [];
let healthcheck = "";
const variables = {} as NodeJS.ProcessEnv;
const stages = new Map<string, string>();
let PATH = process.env.PATH ?? "";
const said = (line: string) => process.stdout.write(`${line}\n`);
const workdir = () => path.join(folder, stage, "app");

const steps: Record<string, (words: string[], text: string) => void> = {
  FROM(words) {
    const [image = ""] = words;
    const base = path.join(folder, image.replace(":", "-"));
    if (!existsSync(base)) {
      const node = `node@${/\d+/.exec(image)}`;
      execFileSync("npm", ["install", "--silent", "--prefix", base, node], { stdio: "inherit" });
      PATH = `${path.join(base, "node_modules/node/bin")}:${PATH}`;
    }
    stage = words[2] ?? "final";
    stages.set(stage, path.join(folder, stage));
    mkdirSync(workdir(), { recursive: true });
  },
  COPY(words) {
    const from = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : null;
    const target = words.pop() as string;
    for (const source of words) {
      if (!from && source === ".") {
        const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
          cwd: root,
        });
        const ignored = /^(tests|docs)\//;
        for (const file of listed.toString().split("\n").filter(Boolean)) {
          if (!ignored.test(file)) cpSync(path.join(root, file), path.join(workdir(), file));
        }
        continue;
      }
      const origin = from ? path.join(stages.get(from) as string, source) : path.join(root, source);
      // For a folder, its content.
      const named = target.endsWith("/") && !statSync(origin).isDirectory();
      const to = path.join(workdir(), target, named ? path.basename(source) : "");
      cpSync(origin, to, { recursive: true, verbatimSymlinks: true });
    }
  },
  RUN(_words, text) {
    const { HOME } = process.env;
    const run = spawnSync("sh", ["-c", text], {
      cwd: workdir(),
      env: { PATH, HOME, NODE_ENV: "development" },
      stdio: "inherit",
    });
    if (run.status !== 0) throw new Error(`RUN ${text}`);
  },
  CMD(_words, text) {
    command = JSON.parse(text);
  },
  HEALTHCHECK(_words, text) {
    healthcheck = text.slice(text.indexOf("CMD ") + 4);
  },
  ENV(_words, text) {
    for (const [, name = "", quoted, bare] of text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)) {
      variables[name] = quoted ?? bare;
    }
  },
  // Handled by the engine itself.
  WORKDIR() {},
  USER() {},
  EXPOSE() {},
};

const database = await startEmbeddedDatabase(path.join(folder, "postgres"), "image-test-password");
try {
  for (const line of readFileSync(path.join(root, "Dockerfile"), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    said(`> ${line}`);
    const [instruction = "", ...words] = line.split(" ");
    const step = steps[instruction];
    if (!step) throw new Error(`${instruction} is not known here`);
    step(words, words.join(" "));
  }
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
  said(`build/sbom.cdx.json names ${components.length} packages.`);
  const app = workdir();
  said(execFileSync("du", ["-sh", app]).toString().trim());
  await database.create("image");
  const port = String(await freePort());
  const metricsPort = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    ...variables,
    PATH,
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
  const as = { cwd: app, env };
  for (const name of ["migrate", "jobs", "attempts", "rotate-keys"]) {
    said(
      execFileSync(...confined("node", [`build/node/${name}.mjs`]), as)
        .toString()
        .trim(),
    );
  }
  const start = (args: string[], metrics: string) => {
    const [program = "", ...rest] = args;
    const child = spawn(...confined(program, rest), {
      ...as,
      env: { ...env, METRICS_PORT: metrics },
    });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    child.stdout.resume();
    const ended = once(child, "exit");
    return {
      said: () => said,
      async stop() {
        child.kill("SIGTERM");
        const [code] = await ended;
        if (code !== 0) process.stderr.write(said);
        return code as number;
      },
    };
  };
  const server = start(command, metricsPort);
  const worker = start(["node", "build/node/worker-main.mjs"], String(await freePort()));
  try {
    await until(() => spawnSync(...confined("sh", ["-c", healthcheck]), as).status === 0);
    said("The health check says healthy.");
    await until(() => worker.said().includes("The worker takes jobs."));
    said("The worker takes jobs.");
    // As the load balancer forwards it.
    const headers = { origin: env.APP_URL as string, "x-forwarded-proto": "https" };
    const person = {
      name: "Ada",
      email: "ada@example.com",
      password: randomBytes(12).toString("hex"),
    };
    const send = (where: string) => {
      const body = new URLSearchParams(person);
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
    said("A person signs up, logs in and has a dashboard.");
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    if (metrics.status !== 200) throw new Error(`/metrics: ${metrics.status}`);
    said("Metrics are served.");
  } finally {
    process.exitCode = Math.max(...(await Promise.all([server.stop(), worker.stop()])));
  }
  said(`SIGTERM ended them with ${process.exitCode}.`);
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
