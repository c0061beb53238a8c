import { createSecretKey, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { type RedisAddress, redisAddress } from "./cache/redis-address.ts";
import { mayBeThisMachine } from "./config/host-address.ts";
import { addressOf, mailFrom, type SmtpAddress, smtpAddress } from "./config/mail-address.ts";
import { whyNotRandom } from "./config/randomness.ts";
import {
  databaseWeaknesses,
  type PlaintextLink,
  plaintextIn,
  plaintextLinks,
  type Weakness,
  weaknesses,
} from "./config/weaknesses.ts";
import { Secret } from "./vault/secret.ts";
import { type EnvelopeFormat, envelopeFormats } from "./vault/vault.ts";

const base64Key = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, "each key is 32 bytes in base64")
  .transform((text) => Buffer.from(text, "base64"));

/** `TOKEN_KEYS`: `id:base64key[,id:base64key…]`. The first key encrypts, all of them decrypt. */
const tokenKeys = z.string().transform((entries, ctx) => {
  const ring = new Map<string, KeyObject>();
  for (const entry of entries.split(",")) {
    const [id, text, ...rest] = entry.trim().split(":");
    const parsed = base64Key.safeParse(text);
    if (!id || !/^[a-z0-9-]{1,32}$/i.test(id) || rest.length > 0 || !parsed.success) {
      ctx.addIssue("expected id:key[,id:key…], each key 32 random bytes in base64");
      return z.NEVER;
    }
    if (ring.has(id)) {
      ctx.addIssue(`the key id ${id} stands there twice`);
      return z.NEVER;
    }
    const why = whyNotRandom(parsed.data);
    if (why) ctx.addIssue(`the key ${id} is not random: ${why}`);
    const key = createSecretKey(parsed.data);
    for (const [other, known] of ring)
      if (known.equals(key)) ctx.addIssue(`the keys ${other} and ${id} are the same`);
    ring.set(id, key);
  }
  return ctx.issues.length > 0 ? z.NEVER : ring;
});

/** Parses only the key ring, for a command that needs nothing else. @throws ConfigError */
export function parseTokenKeys(text: string): ReadonlyMap<string, KeyObject> {
  const ring = tokenKeys.safeParse(text);
  if (ring.success) return ring.data;
  throw new ConfigError(`TOKEN_KEYS: ${ring.error.issues[0]?.message}`);
}

const envelopeFormat = z.enum(envelopeFormats, { error: "expected v1 or v2" }).default("v2");

/** Parses only `TOKEN_ENVELOPES`. @throws ConfigError */
export function parseEnvelopeFormat(text: string | undefined): EnvelopeFormat {
  const format = envelopeFormat.safeParse(text || undefined);
  if (format.success) return format.data;
  throw new ConfigError(`TOKEN_ENVELOPES: ${format.error.issues[0]?.message}`);
}

/** Detects placeholders from READMEs and repeated characters. */
// Short words only at the end of a word: one random secret in 30,000 begins with "dev".
const placeholder =
  /change.?me|example|placeholder|default|your[-_ ]|^(secret|password)|^(test|dev)[-_ ]/i;
const notPlaceholder = (text: string) => !placeholder.test(text) && new Set(text).size > 7;

const secret = (minimum: number) =>
  z
    .string()
    .min(minimum, `at least ${minimum} characters`)
    .refine(notPlaceholder, "this is a placeholder, not a secret");

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/, error: "expected postgresql://…" });
const port = z.coerce.number().int().min(0).max(65_535).default(3000);

/** `METRICS_PORT`: a port on loopback, or `host:port` to serve other hosts. */
const metricsAddress = z
  .string()
  .regex(/^(.+:)?\d{1,5}$/, "expected a port, or host:port")
  .transform((text) => {
    const at = text.lastIndexOf(":");
    const host = at < 0 ? "127.0.0.1" : text.slice(0, at).replace(/^\[(.*)\]$/, "$1");
    return { host, port: Number(text.slice(at + 1)) };
  });

/** `HOST`: one address of this machine, or all of them as `0.0.0.0` or `::`. */
const host = z
  .string()
  .refine((text) => text === "localhost" || isIP(text) > 0, "expected an IP address");

/** `ALLOW_PLAINTEXT`: connections to other hosts that may do without TLS, on a private network. */
const allowPlaintext = z
  .string()
  .transform((text) => text.split(",").map((link) => link.trim()))
  .pipe(z.array(z.enum(plaintextLinks, { error: "expected database, redis or both" })));

/** Countries that Plaid supports: https://plaid.com/docs/api/link/#link-token-create-request-country-codes */
const plaidCountries = "US GB ES NL FR IE CA DE IT PL DK NO SE EE LT LV PT BE AT FI".split(" ");

/** `PLAID_COUNTRY_CODES`: ISO 3166-1 codes, separated by commas. */
const countryCodes = z
  .string()
  .default("US")
  .transform((text) => [...new Set(text.split(",").map((code) => code.trim().toUpperCase()))])
  .pipe(
    z.array(z.enum(plaidCountries, { error: `expected some of ${plaidCountries.join(", ")}` })),
  );

/** `SECOND_FACTOR`: whether a user needs a second factor to connect a new bank, for everything, or never. */
const secondFactorModes = ["connect", "always", "optional"] as const;
export type SecondFactorMode = (typeof secondFactorModes)[number];

const drainSeconds = z.coerce.number().int().min(0).max(300);

const development = z.object({
  PORT: port,
  HOST: host.default("127.0.0.1"),
  DATABASE_URL: databaseUrl,
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  REDIS_URL: redisAddress.optional(),
  REDIS_COUNTERS_URL: redisAddress.optional(),
  ALLOW_PLAINTEXT: allowPlaintext.optional(),
  PLAID_CLIENT_ID: z.string().min(1),
  PLAID_SECRET: z.string().min(1),
  PLAID_ENV: z.enum(["sandbox", "production"]),
  PLAID_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  PLAID_COUNTRY_CODES: countryCodes,
  // Plaid's default is 90, and the number of an Item cannot be changed later.
  PLAID_DAYS_REQUESTED: z.coerce.number().int().min(1).max(730).default(730),
  TOKEN_KEYS: tokenKeys,
  TOKEN_ENVELOPES: envelopeFormat,
  SESSION_SECRET: secret(32),
  APP_URL: z.url({ protocol: /^https?$/ }),
  LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  WORKER: z.enum(["here", "apart"]).default("here"),
  DRAIN_SECONDS: drainSeconds.default(0),
  SECOND_FACTOR: z.enum(secondFactorModes).default("optional"),
  SMTP_URL: smtpAddress.optional(),
  MAIL_FROM: mailFrom.default("Fiscility <fiscility@localhost.localdomain>"),
  OPERATOR_EMAIL: z.email().optional(),
  VERIFIED_EMAIL: z.enum(["required", "optional"]).default("optional"),
  METRICS_PORT: metricsAddress.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
});

const production = development.extend({
  // Not set: all interfaces.
  HOST: host.optional(),
  REDIS_URL: redisAddress,
  SECOND_FACTOR: z.enum(secondFactorModes).default("connect"),
  DRAIN_SECONDS: drainSeconds.default(5),
  PLAID_CLIENT_ID: secret(8),
  PLAID_SECRET: secret(16),
  PLAID_BASE_URL: z.url({ protocol: /^https$/, error: "expected https://…" }).optional(),
  APP_URL: z.url({ protocol: /^https$/, error: "expected https://…" }),
  SMTP_URL: smtpAddress,
  MAIL_FROM: mailFrom,
  VERIFIED_EMAIL: z.enum(["required"], { error: "production requires it" }).default("required"),
});

/**
 * The parsed environment. Secrets print as `[secret]`. `plaid.standIn`: another host that has Plaid's API and
 * serves its own Link.
 */
export interface Config {
  production: boolean;
  port: number;
  /** The address to listen on; undefined for all addresses of this machine. */
  host: string | undefined;
  appUrl: string;
  /** Where Plaid sends webhooks; undefined when Plaid cannot reach us. */
  webhookUrl: string | undefined;
  /** Local mode: users' webhooks may be sent to this machine, over plain http. */
  localWebhooks: boolean;
  /** PostgreSQL, or a pooler in front of it, also in transaction mode. */
  databaseUrl: Secret;
  /** PostgreSQL without a pooler. */
  databaseDirectUrl: Secret;
  redis: RedisAddress | undefined;
  /** A Redis without eviction, where limits are counted; undefined to use `redis`. */
  redisCounters: RedisAddress | undefined;
  /** Connections to other hosts that may be unencrypted. */
  plaintext: readonly PlaintextLink[];
  plaid: {
    clientId: string;
    secret: Secret;
    env: "sandbox" | "production";
    standIn: string | undefined;
    /** Countries whose banks Link offers, ISO 3166-1. */
    countryCodes: readonly string[];
    /** Days of history to request for a new Item, 1 to 730. */
    daysRequested: number;
  };
  tokenKeys: ReadonlyMap<string, KeyObject>;
  /** The format of new ciphertexts. Every format can be decrypted. */
  envelopes: EnvelopeFormat;
  sessionSecret: Secret;
  /** When a user must have a second factor. */
  secondFactor: SecondFactorMode;
  /** Where jobs run: in the server's own process, or only in `npm run worker`. */
  worker: "here" | "apart";
  /**
   * How long requests are still accepted after SIGTERM, until load balancers have seen `/readyz`.
   * Milliseconds.
   */
  drain: number;
  /**
   * The SMTP server and the sender. Without a server, in development only, mail stays queued. `operator`: who
   * receives users' plan requests.
   */
  mail: { server: SmtpAddress | undefined; from: string; operator: string };
  /**
   * A user must confirm their email before they connect a bank or create a key, and only claims the address
   * until then: `server/auth/sign-up.ts`.
   */
  requiresVerifiedEmail: boolean;
  logLevel: "silent" | "error" | "warn" | "info" | "debug";
  /** Where `/metrics` listens; undefined when it is off. */
  metrics: { host: string; port: number } | undefined;
  /** The OpenTelemetry collector that receives traces; undefined when there is none. */
  tracesTo: string | undefined;
}

/** Lists every variable that is missing, malformed or still a placeholder, in one message. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the environment once. `NODE_ENV=production` is stricter: there are no defaults for secrets, and no
 * placeholders. The message of an error never contains values.
 *
 * @throws ConfigError
 */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const isProduction = env.NODE_ENV === "production";
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = (isProduction ? production : development).safeParse(set);
  const malformed = (result.error?.issues ?? []).map((issue): Weakness => {
    const name = String(issue.path[0]);
    return [name, set[name] === undefined ? "missing" : issue.message];
  });
  const wrong = [...malformed, ...(isProduction ? weaknesses(set) : [])];
  if (!result.success || wrong.length > 0) throw new ConfigError(refusal(wrong));
  const parsed = result.data;
  const appUrl = new URL(parsed.APP_URL).origin;
  const standIn = parsed.PLAID_BASE_URL?.replace(/\/+$/, "");
  // Plaid delivers webhooks over https to public addresses; a stand-in on this machine delivers to this
  // machine.
  const near = standIn !== undefined && mayBeThisMachine(standIn);
  const reachable = near ? mayBeThisMachine(appUrl) : isProduction;
  return {
    production: isProduction,
    port: parsed.PORT,
    host: parsed.HOST,
    appUrl,
    webhookUrl: reachable ? `${appUrl}/plaid/webhook` : undefined,
    localWebhooks: !isProduction && mayBeThisMachine(appUrl),
    databaseUrl: new Secret(parsed.DATABASE_URL),
    databaseDirectUrl: new Secret(parsed.DATABASE_DIRECT_URL ?? parsed.DATABASE_URL),
    redis: parsed.REDIS_URL,
    redisCounters: parsed.REDIS_COUNTERS_URL,
    plaintext: plaintextIn(set),
    plaid: {
      clientId: parsed.PLAID_CLIENT_ID,
      secret: new Secret(parsed.PLAID_SECRET),
      env: parsed.PLAID_ENV,
      standIn,
      countryCodes: parsed.PLAID_COUNTRY_CODES,
      daysRequested: parsed.PLAID_DAYS_REQUESTED,
    },
    tokenKeys: parsed.TOKEN_KEYS,
    envelopes: parsed.TOKEN_ENVELOPES,
    sessionSecret: new Secret(parsed.SESSION_SECRET),
    secondFactor: parsed.SECOND_FACTOR,
    worker: parsed.WORKER,
    drain: parsed.DRAIN_SECONDS * 1000,
    requiresVerifiedEmail: parsed.VERIFIED_EMAIL === "required",
    mail: {
      server: parsed.SMTP_URL,
      from: parsed.MAIL_FROM,
      operator: parsed.OPERATOR_EMAIL ?? addressOf(parsed.MAIL_FROM),
    },
    logLevel: parsed.LOG_LEVEL,
    metrics: parsed.METRICS_PORT,
    tracesTo: parsed.OTEL_EXPORTER_OTLP_ENDPOINT,
  };
}

/**
 * Checks the environment of a command before it connects, like the servers: in production a database on
 * another host needs verified TLS. @throws ConfigError
 */
export function requireSafeDatabase(env: Record<string, string | undefined>): void {
  const wrong = env.NODE_ENV === "production" ? databaseWeaknesses(env) : [];
  if (wrong.length > 0) throw new ConfigError(refusal(wrong));
}

/** Formats the one message, with a line for each variable's fault. */
function refusal(wrong: readonly Weakness[]): string {
  const lines = new Set(wrong.map(([variable, why]) => `  ${variable}: ${why}`));
  return `Fiscility does not start: the environment is not right.\n${[...lines].join("\n")}`;
}

/**
 * The variables that hold secrets. A process deletes them from its environment once it has read them, because
 * child processes and Node's diagnostic reports would include them.
 */
export const secretVariables = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "DATABASE_OWNER_URL",
  "REDIS_URL",
  "REDIS_COUNTERS_URL",
  "PLAID_SECRET",
  "TOKEN_KEYS",
  "SESSION_SECRET",
  "SMTP_URL",
] as const;
