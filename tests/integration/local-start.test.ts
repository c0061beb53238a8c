import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { migrateToLatest } from "../../db/migrate.ts";
import { type Local, startLocal } from "../../local/index.ts";
import { freePort } from "../../local/ports.ts";
import { runningDatabase } from "../../local/running-database.ts";
import { parseConfig } from "../../server/config.ts";
import { startServer } from "../../server/server.ts";
import { timeLimits } from "../../server/time-limits.ts";
import { awaitLater } from "../support/await-later.ts";
import { built } from "../support/built.ts";

let folder: string;
let local: Local;
let env: Local["env"];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "fiscility-local-"));
  env = {
    PORT: String(await freePort()),
    SANDBOX_PORT: String(await freePort()),
    MAIL_PORT: String(await freePort()),
    LOG_LEVEL: "silent",
  };
  local = await startLocal(env, { folder });
});
afterAll(async () => {
  await local?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("runningDatabase finds the database of a running start, and none in another folder or after it", async () => {
  expect(runningDatabase(folder)).toBe(local.env.DATABASE_URL);
  const other = mkdtempSync(path.join(tmpdir(), "fiscility-local-"));
  try {
    expect(runningDatabase(other)).toBeNull();
    mkdirSync(path.join(other, "postgres"));
    writeFileSync(path.join(other, "postgres/postmaster.pid"), `${2 ** 22 + 1}\n/\n0\n5432\n`);
    expect(runningDatabase(other)).toBeNull();
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

test("A command finds the running database of its folder, but not in production", () => {
  const preload = path.join(import.meta.dirname, "../../local/find-database.ts");
  const tsx = createRequire(import.meta.url).resolve("tsx");
  const work = mkdtempSync(path.join(tmpdir(), "fiscility-local-"));
  symlinkSync(folder, path.join(work, ".local"));
  const found = (env: Record<string, string>) =>
    spawnSync(
      process.execPath,
      ["--import", tsx, "--import", preload, "-p", "process.env.DATABASE_URL"],
      { cwd: work, env: { ...process.env, DATABASE_URL: "", ...env }, encoding: "utf8" },
    ).stdout.trim();
  try {
    expect(found({})).toBe(local.env.DATABASE_URL);
    expect(found({ DATABASE_URL: "postgresql://given" })).toBe("postgresql://given");
    expect(found({ NODE_ENV: "production" })).toBe("");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test("startLocal starts a database, a local Plaid and a mailbox, and creates secrets and a confirmed demo user, on a bare machine", async () => {
  await migrateToLatest(local.env.DATABASE_URL as string, timeLimits.databaseSetUp);
  const server = await startServer(parseConfig(local.env));
  try {
    const lines = (await local.ready(server.services)).join("\n");
    expect(lines).toContain(server.url);
    expect(lines).toContain("demo@fiscility.test / demo-password");
    const mailbox = `http://localhost:${env.MAIL_PORT}`;
    expect(lines).toContain(`Mailbox at     ${mailbox}`);
    expect(await (await fetch(`${mailbox}/messages`)).json()).toEqual([]);
    expect(await (await fetch(mailbox)).text()).toContain("No mail yet.");
    const response = await fetch(`${server.url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "demo@fiscility.test", password: "demo-password" }),
    });
    expect(response.status).toBe(200);
    const cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const plan = await fetch(`${server.url}/trpc/plan.get`, { headers: { cookie } });
    expect(await plan.text()).toContain('"name":"Analyst"');
    const dashboard = await fetch(`${server.url}/dashboard`, { headers: { cookie } });
    expect(await dashboard.text()).not.toContain("Confirm your email");
    await expect(startLocal(env, { folder })).rejects.toThrow(
      `Fiscility is already running at http://localhost:${env.PORT}`,
    );
    // A demo user of a version before mail is confirmed by the next start.
    await server.services.db.updateTable("users").set({ email_verified: false }).execute();
    await local.ready(server.services);
    const users = server.services.db.selectFrom("users").select("email_verified");
    expect(await users.execute()).toEqual([{ email_verified: true }]);
  } finally {
    await server.close();
  }
  expect(statSync(path.join(folder, "secrets.json")).mode & 0o077).toBe(0);
});

test("startLocal names a taken port and the variable that changes it", async () => {
  const port = await freePort();
  const other = await new Promise<Server>((resolve) => {
    const server = createServer((socket) => socket.destroy()).listen(port, () => resolve(server));
  });
  const start = (more: Local["env"]) => startLocal({ ...env, ...more }, { folder });
  await expect(start({ PORT: String(port) })).rejects.toThrow(
    `Port ${port} is taken by another program. Stop it, or set PORT`,
  );
  await expect(start({ SANDBOX_PORT: String(port) })).rejects.toThrow(
    `Port ${port} is taken by another program. Stop it, or set SANDBOX_PORT`,
  );
  await expect(start({ SANDBOX_PORT: "0", MAIL_PORT: String(port) })).rejects.toThrow(
    `Port ${port} is taken by another program. Stop it, or set MAIL_PORT`,
  );
  other.close();
});

test("startLocal keeps the database and its secrets between starts", async () => {
  const before = local.env.TOKEN_KEYS;
  await local.close();
  expect(existsSync(path.join(folder, "lock"))).toBe(false);
  local = await startLocal(env, { folder });
  expect(local.env.TOKEN_KEYS).toBe(before);
  await migrateToLatest(local.env.DATABASE_URL as string, timeLimits.databaseSetUp);
});

test("startLocal closes the rest when its local Plaid fails to close, and reports that", async () => {
  const other = mkdtempSync(path.join(tmpdir(), "fiscility-local-"));
  onTestFinished(() => rmSync(other, { recursive: true, force: true }));
  const started = await startLocal(
    { PORT: "0", SANDBOX_PORT: "0", MAIL_PORT: "0", DATABASE_URL: "postgresql://given" },
    { folder: other },
  );
  expect(existsSync(path.join(other, "lock"))).toBe(true);
  // Where it writes its state when it closes.
  mkdirSync(path.join(other, "sandbox.json.writing"));
  await expect(started.close()).rejects.toThrow("EISDIR");
  expect(existsSync(path.join(other, "lock"))).toBe(false);
});

test("Ctrl-C ends the app, its database and its Plaid in order, without an error", async () => {
  const cwd = mkdtempSync(path.join(tmpdir(), "fiscility-ctrl-c-"));
  const ports = {
    PORT: String(await freePort()),
    SANDBOX_PORT: String(await freePort()),
    MAIL_PORT: "0",
  };
  // Its own process group, as in a terminal: Ctrl-C reaches every process in it at once.
  const child = spawn(process.execPath, built("main"), {
    cwd,
    env: { ...ports, NODE_ENV: "development", PATH: process.env.PATH },
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  const ended = once(child, "exit");
  // The demo user can log in as soon as the server is ready.
  const logIn = async () => {
    const url = `http://localhost:${ports.PORT}`;
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isReady())) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(output);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return (
      await fetch(`${url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: "demo@fiscility.test", password: "demo-password" }),
      })
    ).status;
  };
  const loggedIn = awaitLater(logIn());
  try {
    for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.includes("demo@fiscility.test")) break;
    }
    expect(await loggedIn).toBe(200);
    const pidFile = path.join(cwd, ".local/postgres/postmaster.pid");
    expect(existsSync(pidFile)).toBe(true);
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    process.kill(-(child.pid as number), "SIGINT");
    expect(await ended).toEqual([0, null]);
    expect(output).not.toMatch(/error|\n\s+at /i);
    expect(existsSync(pidFile)).toBe(false);
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
    rmSync(cwd, { recursive: true, force: true });
  }
});
