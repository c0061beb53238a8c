import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEmbeddedDatabase } from "../../local/embedded-database.ts";
import { freePort } from "../../local/ports.ts";
import { until } from "../support/until.ts";

/**
 * `npm run image`: takes the Dockerfile's own steps, one after the other, in clean folders in place of
 * an engine's; then starts what came out as another user, asks its health check, and ends it. What
 * it cannot show is the base image. Run as root, so that there is another user to be.
 */
const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "fiscility-image-"));
execFileSync("chmod", ["755", folder]);
const nobody = { uid: 65_534, gid: 65_534 };

let stage = "";
let command: string[] = [];
let healthcheck = "";
const stages = new Map<string, string>();
const said = (line: string) => process.stdout.write(`${line}\n`);
const workdir = () => path.join(folder, stage, "app");

const steps: Record<string, (words: string[], text: string) => void> = {
  FROM(words) {
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
      const whole = /(^\.)?\/$/.test(target);
      const to = path.join(workdir(), target, whole ? path.basename(source) : "");
      cpSync(origin, to, { recursive: true, verbatimSymlinks: true });
    }
  },
  RUN(_words, text) {
    const { PATH, HOME } = process.env;
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
  // The base image's and the engine's own.
  ENV() {},
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
  const app = workdir();
  said(execFileSync("du", ["-sh", app]).toString().trim());
  await database.create("image");
  const port = String(await freePort());
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    NODE_ENV: "production",
    PORT: port,
    DATABASE_URL: database.urlOf("image"),
    REDIS_URL: "redis://127.0.0.1:1",
    PLAID_CLIENT_ID: randomBytes(12).toString("hex"),
    PLAID_SECRET: randomBytes(15).toString("hex"),
    PLAID_ENV: "sandbox",
    TOKEN_KEYS: `i1:${randomBytes(32).toString("base64")}`,
    SESSION_SECRET: randomBytes(32).toString("base64url"),
    APP_URL: "https://connect.fiscility.com",
  };
  const as = { cwd: app, env, ...nobody };
  const migrate = ["--import", "tsx", "server/commands/migrate.ts"];
  said(execFileSync(process.execPath, migrate, as).toString().trim());
  const [program = "", ...args] = command;
  const child = spawn(program, args, { ...as, stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  try {
    await until(() => spawnSync("sh", ["-c", healthcheck], as).status === 0);
    said("The health check says healthy.");
    const page = await fetch(`http://127.0.0.1:${port}/login`);
    if (page.status !== 200) throw new Error(`/login: ${page.status}`);
    said("The log-in page is served.");
  } finally {
    child.kill("SIGTERM");
  }
  const [code] = await ended;
  said(`SIGTERM ended it with ${code}.`);
  process.exitCode = code;
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}
