import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "../../server/config.ts";

const right = {
  NODE_ENV: "production",
  DATABASE_URL: "postgresql://app@db.internal/fiscility",
  REDIS_URL: "rediss://cache.internal:6379",
  PLAID_CLIENT_ID: "5f0c2b7d9e",
  PLAID_SECRET: "9b1d7c3e5a2f4086d1c7",
  PLAID_ENV: "production",
  TOKEN_KEYS: `2026a:${randomBytes(32).toString("base64")}`,
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  APP_URL: "https://connect.fiscility.com",
};

function complaint(changes: Record<string, string | undefined>): string {
  try {
    parseConfig({ ...right, ...changes });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return "";
}

test("P3 a right production environment is taken", () => {
  expect(complaint({})).toBe("");
});

test("P3 production names every variable that is missing, in one message", () => {
  const names = Object.keys(right).filter((name) => name !== "NODE_ENV");
  const message = complaint(Object.fromEntries(names.map((name) => [name, undefined])));
  for (const name of names) expect(message).toContain(`${name}: missing`);
});

test.each([
  ["DATABASE_URL", "mysql://x/y"],
  ["DATABASE_URL", "postgresql://app@db.internal/fiscility?sslmode=no-verify"],
  ["DATABASE_DIRECT_URL", "db.internal"],
  ["DATABASE_DIRECT_URL", "postgresql://app@db.internal/fiscility?sslmode=no-verify"],
  ["REDIS_URL", "http://cache"],
  ["REDIS_URL", "redis:///7"],
  ["REDIS_URL", "redis://one,two"],
  ["REDIS_URL", "redis://cache/nine"],
  ["REDIS_URL", "redis://user:%zz@cache"],
  ["REDIS_URL", "redis+cluster://one,two/1"],
  ["REDIS_URL", "redis+cluster://one,,two"],
  ["PLAID_SECRET", "change-me-change-me"],
  ["PLAID_ENV", "development"],
  ["PLAID_BASE_URL", "http://localhost:3001"],
  ["PLAID_BASE_URL", "https://127.0.0.1:3001"],
  ["TOKEN_KEYS", "k1:short"],
  ["TOKEN_KEYS", `k1:${Buffer.alloc(32).toString("base64")}`],
  ["SESSION_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["APP_URL", "http://connect.fiscility.com"],
  ["METRICS_PORT", "everywhere"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"],
  ["DRAIN_SECONDS", "5m"],
])("P3 production refuses %s=%s and does not print it", (name, value) => {
  const message = complaint({ [name]: value });
  expect(message).toContain(`${name}: `);
  expect(message).not.toContain(value);
});

test("REDIS_URL names one server or the nodes of a cluster", () => {
  const redis = (url: string) => {
    const address = parseConfig({ ...right, REDIS_URL: url }).redis;
    return { ...address, password: address?.password?.reveal() };
  };
  expect(redis("redis://cache")).toEqual({
    cluster: false,
    nodes: [{ host: "cache", port: 6379 }],
    tls: false,
    username: undefined,
    password: undefined,
    database: 0,
  });
  expect(redis("rediss://app:p%40ss@[::1]:7000/2")).toEqual({
    cluster: false,
    nodes: [{ host: "::1", port: 7000 }],
    tls: true,
    username: "app",
    password: "p@ss",
    database: 2,
  });
  expect(redis("rediss+cluster://:secret@one:7000,two")).toMatchObject({
    cluster: true,
    nodes: [
      { host: "one", port: 7000 },
      { host: "two", port: 6379 },
    ],
    tls: true,
    password: "secret",
  });
});

test.each([
  ["in production", {}, "https://connect.fiscility.com/plaid/webhook"],
  ["from Plaid to this machine", { APP_URL: "http://localhost:3000" }, undefined],
  [
    "from a Plaid on this machine to this machine",
    { APP_URL: "http://localhost:3000", PLAID_BASE_URL: "http://127.0.0.1:3001" },
    "http://localhost:3000/plaid/webhook",
  ],
  [
    "from a Plaid on this machine to another",
    { APP_URL: "https://a.example", PLAID_BASE_URL: "http://127.0.0.1:3001" },
    undefined,
  ],
])("webhooks are asked for only where they can arrive: %s", (where, changes, expected) => {
  const env = { ...right, ...changes };
  const NODE_ENV = where === "in production" ? "production" : undefined;
  expect(parseConfig({ ...env, NODE_ENV }).webhookUrl).toBe(expected);
});

test.each([
  ["9464", { host: "127.0.0.1", port: 9464 }],
  ["0.0.0.0:9464", { host: "0.0.0.0", port: 9464 }],
  ["[::]:9464", { host: "::", port: 9464 }],
  [undefined, undefined],
])("METRICS_PORT=%s is of this machine alone unless it says otherwise", (given, expected) => {
  expect(parseConfig({ ...right, METRICS_PORT: given }).metrics).toEqual(expected);
});
