import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { builtForTests } from "../support/built.ts";
import { casesOf } from "../support/matrix.ts";

/** The forms in which it may appear in output: base64, hexadecimal, and as Node prints bytes. */
const formsOf = (bytes: Buffer) => {
  const hex = bytes.toString("hex");
  return [bytes.toString("base64"), bytes.toString("base64url"), hex, hex.replace(/../g, "$& ")];
};

test.each(casesOf(["throw", "reject"], (how) => how === "reject"))(
  "A process that crashes (%s) while it holds all its services prints no secret, nor does its log or its diagnostic report",
  async (how) => {
    const nowhere = await freePort();
    const secret = (name: string) => `${name}-${randomBytes(20).toString("hex")}`;
    const [database, redis, plaid, session, mail] = ["db", "redis", "plaid", "session", "mail"].map(
      secret,
    );
    const key = randomBytes(32);
    const program = ["--enable-source-maps", await builtForTests("crash-main"), how];
    const child = spawn(process.execPath, program, {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_ENV: "production",
        APP_URL: "https://app.fiscility.invalid",
        DATABASE_URL: `postgresql://fiscility:${database}@127.0.0.1:${nowhere}/x`,
        REDIS_URL: `redis://fiscility:${redis}@127.0.0.1:${nowhere}`,
        PLAID_CLIENT_ID: "client-0123456789",
        PLAID_SECRET: plaid,
        PLAID_ENV: "sandbox",
        PLAID_BASE_URL: "https://plaid.invalid",
        TOKEN_KEYS: `k1:${key.toString("base64")}`,
        SESSION_SECRET: session,
        SMTP_URL: `smtp://fiscility:${mail}@127.0.0.1:${nowhere}`,
        MAIL_FROM: "accounts@fiscility.com",
      },
    });
    const [out, err] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    expect(child.exitCode, err.slice(0, 2_000)).toBe(1);
    const all = out + err;
    // The output does contain the services, the log line, the report and the crash.
    expect(out, err.slice(0, 1_000)).toContain("webhookKeys");
    expect(out).toContain("plaid_unavailable");
    expect(out).toContain('"javascriptHeap"');
    expect(err).toContain("services:");
    // The stack has the locations in our own files.
    expect(err).toMatch(/tests\/support\/crash-main\.ts:\d+:\d+/);
    const secrets = [database, redis, plaid, session, "access-sandbox-1111", ...formsOf(key)];
    expect(secrets.filter((one) => one && all.toLowerCase().includes(one.toLowerCase()))).toEqual(
      [],
    );
  },
);
