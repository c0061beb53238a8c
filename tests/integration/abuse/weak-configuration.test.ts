import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { freePort } from "../../../local/ports.ts";
import { built } from "../../support/built.ts";
import { testDatabase } from "../../support/database.ts";
import { casesOf, matrixTest } from "../../support/matrix.ts";

/**
 * Starts production with a database that does not exist, so whatever passes the configuration fails a moment
 * later. Returns the whole message, as an operator sees it.
 */
const start = async (program: string, env: Record<string, string>) => {
  const child = spawn(process.execPath, built(program), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, "exit");
  return { code: child.exitCode, out, err };
};

const strong = async () => ({
  DATABASE_URL: `postgresql://app:x@127.0.0.1:${await freePort()}/fiscility`,
  REDIS_URL: "redis://127.0.0.1:1",
  PLAID_CLIENT_ID: randomBytes(12).toString("hex"),
  PLAID_SECRET: randomBytes(15).toString("hex"),
  PLAID_ENV: "production",
  TOKEN_KEYS: `k1:${randomBytes(32).toString("base64")}`,
  SESSION_SECRET: randomBytes(32).toString("base64"),
  APP_URL: "https://connect.fiscility.com",
  SMTP_URL: `smtps://app:${randomBytes(12).toString("hex")}@mail.internal`,
  MAIL_FROM: "accounts@fiscility.com",
});

const sequence = Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString("base64");
const weak = {
  DATABASE_URL: "postgresql://app:one-password@db.internal/fiscility?sslmode=require",
  DATABASE_DIRECT_URL: "postgresql://app:one-password@db.internal/fiscility",
  REDIS_URL: "redis://cache.internal",
  REDIS_COUNTERS_URL: "rediss://counters.internal",
  PLAID_BASE_URL: "https://[::ffff:127.0.0.1]:3001",
  TOKEN_KEYS: `k1:${sequence},k2:${sequence}`,
  SESSION_SECRET: sequence,
  APP_URL: "https://0x7f.1",
  SMTP_URL: "smtp://mail.internal",
  MAIL_FROM: "accounts@example.com",
};

test.each(casesOf(["main", "worker-main"], (one) => one === "main"))(
  "%s names everything that is weak in one message, prints no value, and does not start",
  async (program) => {
    const { code, out, err } = await start(program, { ...(await strong()), ...weak });
    expect(code).toBe(1);
    expect(out).toBe("");
    const lines = err.split("\n").filter((line) => /^ {2}\S/.test(line));
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/DATABASE_URL: TLS must be checked/),
        expect.stringMatching(/DATABASE_DIRECT_URL: PostgreSQL on another host needs sslmode/),
        expect.stringMatching(/REDIS_URL: .*password/),
        expect.stringMatching(/REDIS_URL: .*rediss/),
        expect.stringMatching(/REDIS_COUNTERS_URL: .*password/),
        expect.stringMatching(/PLAID_BASE_URL: an address of this machine/),
        expect.stringMatching(/TOKEN_KEYS: the key k1 is not random/),
        expect.stringMatching(/TOKEN_KEYS: the keys k1 and k2 are the same/),
        expect.stringMatching(/SESSION_SECRET: .*repeat or follow/),
        expect.stringMatching(/SESSION_SECRET: TOKEN_KEYS has the same value/),
        expect.stringMatching(/APP_URL: an address of this machine/),
        expect.stringMatching(/SMTP_URL: .*needs a user and a password/),
        expect.stringMatching(/MAIL_FROM: no mail can come from this domain/),
      ]),
    );
    for (const value of [...Object.values(weak), sequence, "one-password"])
      expect(err).not.toContain(value);
  },
);

test.each(casesOf(["main", "worker-main", "migrate"], (one) => one === "worker-main"))(
  "%s says in one line that PostgreSQL cannot be reached, and where, when it is away",
  async (program) => {
    const env = await strong();
    const { port } = new URL(env.DATABASE_URL);
    const { code, err } = await start(program, env);
    expect(code).toBe(1);
    const refused = `connect ECONNREFUSED 127.0.0.1:${port}`;
    expect(err).toBe(`PostgreSQL at 127.0.0.1:${port} cannot be reached: ${refused}.\n`);
  },
);

test.each(casesOf(["migrate", "jobs", "attempts", "rotate-keys"], (one) => one === "migrate"))(
  "%s sends no password to a database on another host in the clear",
  async (command) => {
    const { DATABASE_DIRECT_URL: remote } = weak;
    const { TOKEN_KEYS } = await strong();
    const { code, err } = await start(command, { DATABASE_URL: remote, TOKEN_KEYS });
    expect(code).toBe(1);
    expect(err).toMatch(/DATABASE_URL: PostgreSQL on another host needs sslmode=verify-full/);
  },
);

matrixTest(
  "the start logs the connections that ALLOW_PLAINTEXT lets through in the clear",
  async () => {
    const database = await testDatabase();
    const child = spawn(process.execPath, built("worker-main"), {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        ...(await strong()),
        DATABASE_URL: database.url,
        // A host name that does not exist.
        REDIS_URL: "redis://:n8Zq4tWv1Lx7@redis.invalid",
        ALLOW_PLAINTEXT: "redis",
      },
    });
    const ended = once(child, "exit");
    let out = "";
    for await (const chunk of child.stdout) {
      out += chunk;
      if (out.includes('"event":"plaintext"')) break;
    }
    child.kill("SIGKILL");
    await ended;
    await database.drop();
    expect(out).toMatch(/"event":"plaintext","links":\["redis"\]/);
  },
);
