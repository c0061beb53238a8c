import { parse } from "pg-connection-string";
import { redisAddress } from "../cache/redis-address.ts";
import { isThisMachine, mayBeThisMachine } from "./host-address.ts";
import { domainOf, smtpAddress } from "./mail-address.ts";
import { decodeBytes, whyGuessable } from "./randomness.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Connections that may do without TLS when `ALLOW_PLAINTEXT` lists them. */
export const plaintextLinks = ["database", "redis"] as const;
export type PlaintextLink = (typeof plaintextLinks)[number];

/** A variable and what is wrong with it, without its value. */
export type Weakness = readonly [variable: string, why: string];

const databaseVariables = ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_OWNER_URL"] as const;
const redisVariables = ["REDIS_URL", "REDIS_COUNTERS_URL"] as const;

/**
 * Returns well-formed settings that production does not accept. Missing and malformed variables are reported
 * elsewhere.
 */
export function weaknesses(env: Environment): Weakness[] {
  const found: Weakness[] = [...databaseWeaknesses(env)];
  for (const [variable, address] of redisAddresses(env)) {
    if (address.nodes.every(({ host }) => isThisMachine(host))) continue;
    if (!address.password) found.push([variable, "Redis on another host needs a password"]);
    if (!address.tls && !allowed(env).has("redis"))
      found.push([variable, `Redis on another host needs rediss://…, ${orAllow("redis")}`]);
  }
  for (const variable of ["PLAID_BASE_URL", "APP_URL"]) {
    const url = env[variable];
    if (url && URL.canParse(url) && mayBeThisMachine(url))
      found.push([variable, "an address of this machine is not for production"]);
  }
  found.push(...mailWeaknesses(env));
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0")
    found.push(["NODE_TLS_REJECT_UNAUTHORIZED", "certificates must be checked"]);
  const { SESSION_SECRET: secret } = env;
  if (secret) {
    const why = whyGuessable(secret);
    if (why) found.push(["SESSION_SECRET", `${why}: take \`openssl rand -base64 32\``]);
    for (const [variable, other] of otherSecrets(env))
      if (isSame(secret, other)) found.push(["SESSION_SECRET", `${variable} has the same value`]);
  }
  return found;
}

/** Domains that cannot send mail: https://www.rfc-editor.org/rfc/rfc6761 */
const noDomain = /(^|\.)(example(\.(com|net|org))?|test|invalid|localhost|localdomain)$/i;

/** TLS to a mail server on another host is always required, so there is no setting for it. */
function mailWeaknesses(env: Environment): Weakness[] {
  const found: Weakness[] = [];
  const server = smtpAddress.safeParse(env.SMTP_URL).data;
  if (server && !isThisMachine(server.host) && !(server.user && server.password))
    found.push(["SMTP_URL", "a mail server on another host needs a user and a password"]);
  const password = server?.password?.reveal();
  if (password && /change.?me|placeholder|your[-_ ]|^(secret|password)$/i.test(password))
    found.push(["SMTP_URL", "its password is a placeholder"]);
  if (env.MAIL_FROM && noDomain.test(domainOf(env.MAIL_FROM)))
    found.push(["MAIL_FROM", "no mail can come from this domain"]);
  return found;
}

/** The same for the database's variables only, for a command that needs no others. */
export function databaseWeaknesses(env: Environment): Weakness[] {
  return databaseVariables.flatMap((variable): Weakness[] => {
    const tls = databaseTls(env, variable);
    if (tls === null || tls === "unneeded" || tls === "checked") return [];
    if (tls === "unchecked") return [[variable, "TLS must be checked: sslmode=verify-full"]];
    if (allowed(env).has("database")) return [];
    const why = `PostgreSQL on another host needs sslmode=verify-full, ${orAllow("database")}`;
    return [[variable, why]];
  });
}

/** Returns the connections to other hosts that are unencrypted, in an otherwise valid environment. */
export function plaintextIn(env: Environment): PlaintextLink[] {
  const database = databaseVariables.some((variable) => databaseTls(env, variable) === "off");
  const redis = redisAddresses(env).some(
    ([, { tls, nodes }]) => !tls && !nodes.every(({ host }) => isThisMachine(host)),
  );
  return plaintextLinks.filter((link) => (link === "database" ? database : redis));
}

const orAllow = (link: PlaintextLink) =>
  `or ALLOW_PLAINTEXT=${link} where nobody else is on the network`;

const allowed = ({ ALLOW_PLAINTEXT: text = "" }: Environment) =>
  new Set(text.split(",").map((link) => link.trim()));

const redisAddresses = (env: Environment) =>
  redisVariables.flatMap((variable) => {
    const { data } = redisAddress.safeParse(env[variable]);
    return data ? [[variable, data] as const] : [];
  });

/**
 * Returns how the driver would connect, according to its own parser, so that every spelling of `ssl` and
 * `sslmode`, given twice or with another `host` in the query, has the same meaning here. Null when there is
 * no URL or it cannot be parsed. `prefer`, `require` and `verify-ca` count as unchecked: pg 8 does check, but
 * pg 9, psql and pg_dump do not.
 */
function databaseTls(
  env: Environment,
  variable: string,
): "unneeded" | "off" | "unchecked" | "checked" | null {
  const url = env[variable];
  if (!url) return null;
  try {
    const { host, ssl, sslmode } = parse(url) as ReturnType<typeof parse> & { sslmode?: string };
    if (isThisMachine(host || env.PGHOST || "localhost")) return "unneeded";
    if (!ssl) return "off";
    const isChecked = sslmode === "verify-full" && Object(ssl).rejectUnauthorized !== false;
    return isChecked ? "checked" : "unchecked";
  } catch {
    // The certificate cannot be read, or this is no URL. The one message has to list the variable.
    return "unchecked";
  }
}

/** Returns every other secret of the environment, with its variable. */
function otherSecrets(env: Environment): [string, string][] {
  const keys = (env.TOKEN_KEYS ?? "").split(",").map((entry) => entry.trim().split(":")[1]);
  const passwords = [...databaseVariables, ...redisVariables].map((variable) => {
    const url = env[variable];
    return [variable, url && URL.canParse(url) ? new URL(url).password : ""] as const;
  });
  return [
    ...keys.map((key) => ["TOKEN_KEYS", key ?? ""] as const),
    ["PLAID_SECRET", env.PLAID_SECRET ?? ""] as const,
    ["SMTP_URL", smtpAddress.safeParse(env.SMTP_URL).data?.password?.reveal() ?? ""] as const,
    ...passwords,
  ].flatMap(([variable, value]) => (value ? [[variable, value]] : []));
}

/** Whether one secret contains the other, as text or as decoded bytes. */
function isSame(secret: string, other: string): boolean {
  const forms = (text: string) => [Buffer.from(text), decodeBytes(text) ?? Buffer.from(text)];
  const shortest = 8;
  return forms(other).some(
    (part) => part.length >= shortest && forms(secret).some((whole) => whole.includes(part)),
  );
}
