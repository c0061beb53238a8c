import { createSecretKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { type RedisAddress, redisAddress } from "./cache/redis-address.ts";
import { Secret } from "./vault/secret.ts";

const base64Key = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, "each key is 32 bytes in base64")
  .transform((text) => Buffer.from(text, "base64"));

/** `TOKEN_KEYS`: `id:base64key[,id:base64key…]`; the first one seals, all of them open. */
const tokenKeys = z.string().transform((text, ctx) => {
  const ring = new Map<string, KeyObject>();
  for (const entry of text.split(",")) {
    const [id, key, ...rest] = entry.trim().split(":");
    const parsed = base64Key.safeParse(key);
    if (!id || !/^[a-z0-9-]{1,32}$/i.test(id) || rest.length > 0 || !parsed.success) {
      ctx.addIssue("expected id:key[,id:key…], each key 32 random bytes in base64");
      return z.NEVER;
    }
    if (ring.has(id)) {
      ctx.addIssue(`the key id ${id} stands there twice`);
      return z.NEVER;
    }
    if (new Set(parsed.data).size < 8) {
      ctx.addIssue(`the key ${id} is not random`);
      return z.NEVER;
    }
    ring.set(id, createSecretKey(parsed.data));
  }
  return ring;
});

/** The key ring alone, for a command that needs nothing else. Throws `ConfigError`. */
export function parseTokenKeys(text: string): ReadonlyMap<string, KeyObject> {
  const ring = tokenKeys.safeParse(text);
  if (ring.success) return ring.data;
  throw new ConfigError(`TOKEN_KEYS: ${ring.error.issues[0]?.message}`);
}

/** A secret that nobody chose is no secret: placeholders from READMEs and repeated characters. */
const placeholder = /change.?me|example|placeholder|default|your[-_ ]|^(test|dev|secret|password)/i;
const notPlaceholder = (text: string) => !placeholder.test(text) && new Set(text).size > 7;

const secret = (minimum: number) =>
  z
    .string()
    .min(minimum, `at least ${minimum} characters`)
    .refine(notPlaceholder, "this is a placeholder, not a secret");

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/, error: "expected postgresql://…" });
const port = z.coerce.number().int().min(0).max(65_535).default(3000);

/** `METRICS_PORT`: a port of this machine alone, or `host:port` for those who scrape from elsewhere. */
const metricsAddress = z
  .string()
  .regex(/^(.+:)?\d{1,5}$/, "expected a port, or host:port")
  .transform((text) => {
    const at = text.lastIndexOf(":");
    const host = at < 0 ? "127.0.0.1" : text.slice(0, at).replace(/^\[(.*)\]$/, "$1");
    return { host, port: Number(text.slice(at + 1)) };
  });

const drainSeconds = z.coerce.number().int().min(0).max(300);

const development = z.object({
  PORT: port,
  DATABASE_URL: databaseUrl,
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  REDIS_URL: redisAddress.optional(),
  PLAID_CLIENT_ID: z.string().min(1),
  PLAID_SECRET: z.string().min(1),
  PLAID_ENV: z.enum(["sandbox", "production"]),
  PLAID_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  TOKEN_KEYS: tokenKeys,
  SESSION_SECRET: secret(32),
  APP_URL: z.url({ protocol: /^https?$/ }),
  LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  WORKER: z.enum(["here", "apart"]).default("here"),
  DRAIN_SECONDS: drainSeconds.default(0),
  METRICS_PORT: metricsAddress.optional(),
  // libuv's own variable, and what it takes where it is not set.
  UV_THREADPOOL_SIZE: z.coerce.number().int().min(1).max(1024).default(4),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
});

/** A server whose certificate nobody checks may be anybody. */
const checkedDatabaseUrl = databaseUrl.regex(/^(?!.*[?&]sslmode=no-verify)/, {
  error: "sslmode=no-verify is not for production",
});

const production = development.extend({
  DATABASE_URL: checkedDatabaseUrl,
  DATABASE_DIRECT_URL: checkedDatabaseUrl.optional(),
  REDIS_URL: redisAddress,
  DRAIN_SECONDS: drainSeconds.default(5),
  PLAID_CLIENT_ID: secret(8),
  PLAID_SECRET: secret(16),
  PLAID_BASE_URL: z
    .url({ protocol: /^https$/, error: "expected https://…" })
    .refine((url) => !isLoopback(url), "a Plaid stand-in on this machine is not for production")
    .optional(),
  APP_URL: z.url({ protocol: /^https$/, error: "expected https://…" }),
});

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])$/.test(hostname);
}

/** The environment, parsed; what is secret in it prints as `[secret]`. `plaid.standIn`: another host that speaks Plaid and serves its own Link. */
export interface Config {
  production: boolean;
  port: number;
  appUrl: string;
  /** Where Plaid tells of Items; undefined where it cannot reach us. */
  webhookUrl: string | undefined;
  /** PostgreSQL, or a pooler before it that may pool transactions. */
  databaseUrl: Secret;
  /** PostgreSQL itself. */
  databaseDirectUrl: Secret;
  redis: RedisAddress | undefined;
  plaid: {
    clientId: string;
    secret: Secret;
    env: "sandbox" | "production";
    standIn: string | undefined;
  };
  tokenKeys: ReadonlyMap<string, KeyObject>;
  sessionSecret: Secret;
  /** Where jobs run: in the server's own process, or only in those of `npm run worker`. */
  worker: "here" | "apart";
  /** After SIGTERM requests are still taken for so long, until balancers have seen `/readyz`. Milliseconds. */
  drain: number;
  logLevel: "silent" | "error" | "warn" | "info" | "debug";
  /** Where `/metrics` is listened for; undefined where nobody asks. */
  metrics: { host: string; port: number } | undefined;
  /** Threads that libuv computes hashes, resolves names and reads files on. */
  libuvThreads: number;
  /** The OpenTelemetry collector that traces go to; undefined where there is none. */
  tracesTo: string | undefined;
}

/** Names every variable that is missing, malformed or at a default, in one message. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the environment once. With `NODE_ENV=production` the rules are stricter: nothing is filled
 * in, nothing may be a placeholder. Throws `ConfigError`; values are never part of its message.
 */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const isProduction = env.NODE_ENV === "production";
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = (isProduction ? production : development).safeParse(set);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `  ${name}: ${set[name] === undefined ? "missing" : issue.message}`;
    });
    throw new ConfigError(
      `Fiscility does not start: the environment is not right.\n${[...new Set(lines)].join("\n")}`,
    );
  }
  const parsed = result.data;
  const appUrl = new URL(parsed.APP_URL).origin;
  const standIn = parsed.PLAID_BASE_URL?.replace(/\/+$/, "");
  // Plaid itself delivers over https to the world, a stand-in on this machine to this machine.
  const near = standIn !== undefined && isLoopback(standIn);
  const reachable = near ? isLoopback(appUrl) : isProduction;
  return {
    production: isProduction,
    port: parsed.PORT,
    appUrl,
    webhookUrl: reachable ? `${appUrl}/plaid/webhook` : undefined,
    databaseUrl: new Secret(parsed.DATABASE_URL),
    databaseDirectUrl: new Secret(parsed.DATABASE_DIRECT_URL ?? parsed.DATABASE_URL),
    redis: parsed.REDIS_URL,
    plaid: {
      clientId: parsed.PLAID_CLIENT_ID,
      secret: new Secret(parsed.PLAID_SECRET),
      env: parsed.PLAID_ENV,
      standIn,
    },
    tokenKeys: parsed.TOKEN_KEYS,
    sessionSecret: new Secret(parsed.SESSION_SECRET),
    worker: parsed.WORKER,
    drain: parsed.DRAIN_SECONDS * 1000,
    logLevel: parsed.LOG_LEVEL,
    metrics: parsed.METRICS_PORT,
    libuvThreads: parsed.UV_THREADPOOL_SIZE,
    tracesTo: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
  };
}

/**
 * The variables that hold secrets: a process takes them out of its environment once it has read
 * them, where child processes and Node's diagnostic reports would find them.
 */
export const secretVariables = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "DATABASE_OWNER_URL",
  "REDIS_URL",
  "PLAID_SECRET",
  "TOKEN_KEYS",
  "SESSION_SECRET",
] as const;
