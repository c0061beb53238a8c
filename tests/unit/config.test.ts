import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError, parseConfig } from "../../server/config.ts";

const right = {
  NODE_ENV: "production",
  DATABASE_URL: "postgresql://app@db.internal/fiscility?sslmode=verify-full",
  REDIS_URL: "rediss://:0rJ8vTq2Wm@cache.internal:6379",
  PLAID_CLIENT_ID: "5f0c2b7d9e",
  PLAID_SECRET: "9b1d7c3e5a2f4086d1c7",
  PLAID_ENV: "production",
  TOKEN_KEYS: `2026a:${randomBytes(32).toString("base64")}`,
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  APP_URL: "https://connect.fiscility.com",
  SMTP_URL: "smtp://fiscility:q8Zr2LmV0xTn@mail.internal:587",
  MAIL_FROM: "Fiscility <accounts@fiscility.com>",
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

test("The configuration accepts a complete production environment (P3)", () => {
  expect(complaint({})).toBe("");
});

test("The configuration names every missing variable in one message in production (P3)", () => {
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
  ["SMTP_URL", "mail.internal:587"],
  ["SMTP_URL", "https://fiscility:q8Zr2LmV0xTn@mail.internal"],
  ["SMTP_URL", "smtp://mail.internal"],
  ["SMTP_URL", "smtp://fiscility:change-me@mail.internal"],
  // nodemailer would read this as an option, and verify no certificate.
  ["SMTP_URL", "smtp://fiscility:q8Zr2LmV0xTn@mail.internal/?tls.rejectUnauthorized=false"],
  ["MAIL_FROM", "accounts at fiscility"],
  ["MAIL_FROM", "Fiscility <accounts@example.com>"],
  ["MAIL_FROM", "Fiscility <accounts@fiscility.com>\r\nBcc: eve@fiscility.com"],
  ["PLAID_SECRET", "change-me-change-me"],
  ["PLAID_ENV", "development"],
  ["PLAID_BASE_URL", "http://localhost:3001"],
  ["PLAID_BASE_URL", "https://127.0.0.1:3001"],
  ["PLAID_COUNTRY_CODES", "US,XX"],
  ["PLAID_COUNTRY_CODES", "US,,CA"],
  ["PLAID_DAYS_REQUESTED", "0"],
  ["PLAID_DAYS_REQUESTED", "731"],
  ["PLAID_DAYS_REQUESTED", "two years"],
  ["TOKEN_KEYS", "k1:short"],
  ["TOKEN_KEYS", `k1:${Buffer.alloc(32).toString("base64")}`],
  ["SESSION_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
  ["APP_URL", "http://connect.fiscility.com"],
  ["HOST", "everywhere"],
  ["ALLOW_PLAINTEXT", "mail"],
  ["TOKEN_ENVELOPES", "v3"],
  ["SECOND_FACTOR", "sometimes"],
  ["METRICS_PORT", "everywhere"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"],
  ["DRAIN_SECONDS", "5m"],
])("The configuration rejects %s=%s in production and does not print it (P3)", (name, value) => {
  const message = complaint({ [name]: value });
  expect(message).toContain(`${name}: `);
  expect(message).not.toContain(value);
});

test("REDIS_URL accepts one server or the nodes of a cluster", () => {
  const redis = (url: string) => {
    const address = parseConfig({ ...right, NODE_ENV: undefined, REDIS_URL: url }).redis;
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
])("The webhook URL is set only where Plaid can reach it: %s", (where, changes, expected) => {
  const env = { ...right, ...changes };
  const NODE_ENV = where === "in production" ? "production" : undefined;
  expect(parseConfig({ ...env, NODE_ENV }).webhookUrl).toBe(expected);
});

test.each([
  ["9464", { host: "127.0.0.1", port: 9464 }],
  ["0.0.0.0:9464", { host: "0.0.0.0", port: 9464 }],
  ["[::]:9464", { host: "::", port: 9464 }],
  [undefined, undefined],
])("METRICS_PORT=%s listens on loopback unless it names a host", (given, expected) => {
  expect(parseConfig({ ...right, METRICS_PORT: given }).metrics).toEqual(expected);
});

test("HOST is loopback in local mode and every interface in production when it is not set", () => {
  expect(parseConfig(right).host).toBeUndefined();
  expect(parseConfig({ ...right, NODE_ENV: undefined }).host).toBe("127.0.0.1");
  for (const NODE_ENV of ["production", undefined])
    expect(parseConfig({ ...right, NODE_ENV, HOST: "0.0.0.0" }).host).toBe("0.0.0.0");
});

const random = randomBytes(32);
const withKey = (bytes: Buffer | number[]) => `k1:${Buffer.from(bytes).toString("base64")}`;
const bytes = (of: (at: number) => number) => Array.from({ length: 32 }, (_, at) => of(at) % 256);

test.each([
  ["one byte, repeated", withKey(bytes(() => 7)), "not random"],
  ["all zeros", withKey(bytes(() => 0)), "not random"],
  ["ascending", withKey(bytes((at) => at)), "not random"],
  ["ascending from elsewhere", withKey(bytes((at) => 200 + at)), "not random"],
  ["descending", withKey(bytes((at) => 255 - at)), "not random"],
  ["by sevens", withKey(bytes((at) => at * 7)), "not random"],
  ["squares", withKey(bytes((at) => at * at)), "not random"],
  ["two sequences, interleaved", withKey(bytes((at) => (at % 2 ? 255 - at : at))), "not random"],
  ["a block of four, repeated", withKey(bytes((at) => random[at % 4] ?? 0)), "not random"],
  ["a block of sixteen, repeated", withKey(bytes((at) => random[at % 16] ?? 0)), "not random"],
  ["half of zeros", withKey(bytes((at) => (at < 16 ? (random[at] ?? 0) : 0))), "not random"],
  ["half a sequence", withKey(bytes((at) => (at < 16 ? (random[at] ?? 0) : at))), "not random"],
  ["words", withKey(Buffer.from("correct horse battery staple 123")), "text"],
  ["hexadecimal digits", withKey(Buffer.from(random.toString("hex").slice(0, 32))), "text"],
  ["one key twice", `a:${random.toString("base64")},b:${random.toString("base64")}`, "same"],
  [
    "a weak one behind a good one",
    `a:${random.toString("base64")},${withKey(bytes((at) => at))}`,
    "not random",
  ],
])("TOKEN_KEYS of %s is rejected in every mode", (_, value, why) => {
  for (const NODE_ENV of ["production", undefined]) {
    const message = complaint({ NODE_ENV, TOKEN_KEYS: value });
    expect(message).toMatch(new RegExp(`TOKEN_KEYS: the keys? .*${why}`));
    expect(message).not.toContain(value.split(":")[1]);
  }
});

test.each([
  "qwertyuiopasdfghjklzxcvbnm1234567890",
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
  "zaq12wsxcde34rfvbgt56yhnmju78ik,",
  "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6",
  "abcdefghijklmnopqrstuvwxyzabcdef",
  "0123456789abcdef0123456789abcdef",
  "zyxwvutsrqponmlkjihgfedcba9876543210",
  "00112233445566778899aabbccddeeff",
  "deadbeefdeadbeefcafebabecafebabe",
  "Summer2026!Summer2026!Summer2026!",
  "keyboardcatkeyboardcatkeyboardcat",
  "Tr0ub4dor&3Tr0ub4dor&3Tr0ub4dor&3",
  "correcthorsebatterystaplecorrecthorse",
  "the quick brown fox jumps over the lazy dog",
  "thequickbrownfoxjumpsoverthelazydog",
  "fiscility-connect-production-session-secret",
  "MyVerySecretSessionKeyForProduction2026",
  "session-secret-for-the-bank-app-2026",
  "S3ss10n-S3cr3t-F1sc1l1ty-Pr0duct10n",
  Buffer.from(bytes((at) => at)).toString("hex"),
  Buffer.from(bytes((at) => at)).toString("base64"),
  Buffer.from(bytes((at) => random[at % 8] ?? 0)).toString("base64url"),
  Buffer.from("correcthorsebatterystaplecorrecthorse").toString("base64"),
  Buffer.from("qwertyuiopasdfghjklzxcvbnm123456").toString("hex"),
])("The configuration rejects SESSION_SECRET=%s in production", (value) => {
  const message = complaint({ SESSION_SECRET: value });
  expect(message).toContain("SESSION_SECRET: ");
  expect(message).not.toContain(value);
});

test.each([
  ["the key of TOKEN_KEYS", random.toString("base64"), {}],
  ["without its padding", random.toString("base64").replace("=", ""), {}],
  ["in base64url", random.toString("base64url"), {}],
  ["in hexadecimal", random.toString("hex"), {}],
  ["in capitals", random.toString("hex").toUpperCase(), {}],
  ["with its id", `k1:${random.toString("base64")}`, {}],
  ["encoded twice", Buffer.from(random.toString("base64")).toString("base64"), {}],
  ["PLAID_SECRET", `${right.PLAID_SECRET}${right.PLAID_SECRET.split("").reverse().join("")}`, {}],
  [
    "the database's password",
    "n8Zq4tWv1Lx7Rb3Kc9Yp5Md2Hs6Jf0Ga",
    {
      DATABASE_URL: "postgresql://app:n8Zq4tWv1Lx7Rb3Kc9Yp5Md2Hs6Jf0Ga@localhost/fiscility",
    },
  ],
  [
    "that of Redis",
    "n8Zq4tWv1Lx7Rb3Kc9Yp5Md2Hs6Jf0Ga",
    {
      REDIS_URL: "rediss://:n8Zq4tWv1Lx7Rb3Kc9Yp5Md2Hs6Jf0Ga@cache.internal",
    },
  ],
])(
  "The configuration rejects a SESSION_SECRET that is another secret in production: %s",
  (_, value, changes) => {
    const message = complaint({
      TOKEN_KEYS: `k1:${random.toString("base64")}`,
      SESSION_SECRET: value,
      ...changes,
    });
    expect(message).toMatch(/SESSION_SECRET: \w+ has the same value/);
    expect(message).not.toContain(value);
  },
);

test.each([
  "localhost",
  "LOCALHOST",
  "localhost.",
  "plaid.localhost",
  "plaid.localhost.",
  "localhost.localdomain",
  "ip6-localhost",
  "127.0.0.1",
  "127.0.0.1.",
  "127.255.255.254",
  "127.1",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "\uff11\uff12\uff17.0.0.1",
  "0.0.0.0",
  "0",
  "169.254.169.254",
  "255.255.255.255",
  "224.0.0.1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:169.254.1.1]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "[fe80::1]",
  "[ff02::1]",
])("The configuration rejects %s for PLAID_BASE_URL and APP_URL in production", (host) => {
  for (const name of ["PLAID_BASE_URL", "APP_URL"])
    for (const rest of ["", ":3001", "/path"])
      expect(complaint({ [name]: `https://${host}${rest}` })).toMatch(
        `${name}: an address of this machine`,
      );
});

test("The configuration rejects an address with an IPv6 zone in production", () => {
  const message = complaint({ PLAID_BASE_URL: "https://[fe80::1%25eth0]/" });
  expect(message).toContain("PLAID_BASE_URL: ");
});

test.each([
  "plaid.internal",
  "localhost.example",
  "notlocalhost",
  "10.0.0.7",
  "203.0.113.7.example",
  "[fd00::7]",
  "[2a00:1450:4001::1]",
])("The configuration accepts %s for PLAID_BASE_URL in production", (host) => {
  expect(complaint({ PLAID_BASE_URL: `https://${host}` })).toBe("");
});

const remote = "postgresql://app:x@db.internal/fiscility";
test.each([
  ["no sslmode", remote],
  ["disable", `${remote}?sslmode=disable`],
  ["allow", `${remote}?sslmode=allow`],
  ["prefer", `${remote}?sslmode=prefer`],
  ["require", `${remote}?sslmode=require`],
  ["verify-ca", `${remote}?sslmode=verify-ca`],
  ["no-verify", `${remote}?sslmode=no-verify`],
  ["ssl=0", `${remote}?ssl=0`],
  ["ssl=1, which psql does not check", `${remote}?ssl=1`],
  ["the last of two", `${remote}?sslmode=verify-full&sslmode=disable`],
  ["another spelling", `${remote}?sslmode=Verify-Full`],
  ["libpq's require", `${remote}?uselibpqcompat=true&sslmode=require`],
  ["a certificate that is not there", `${remote}?sslmode=verify-full&sslrootcert=/nowhere.pem`],
  ["a host in the query", "postgresql://app:x@localhost/fiscility?host=db.internal"],
  ["a name that begins like loopback", "postgresql://app:x@127.0.0.1.nip.io/fiscility"],
  ["a name below localhost", "postgresql://app:x@db.localhost/fiscility"],
  ["an address", "postgresql://app:x@10.0.0.5/fiscility"],
  ["IPv6", "postgresql://app:x@[fd00::5]/fiscility"],
  ["IPv4 in IPv6", "postgresql://app:x@[::ffff:10.0.0.5]/fiscility"],
])(
  "The configuration rejects a database on another host without verified TLS in production: %s",
  (_, url) => {
    for (const name of ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_OWNER_URL"]) {
      const message = complaint({ [name]: url });
      expect(message).toMatch(new RegExp(`${name}: .*sslmode=verify-full`));
      expect(message).not.toContain("db.internal");
    }
  },
);

test.each([
  "postgresql://app:x@localhost/fiscility",
  "postgresql://app:x@LOCALHOST/fiscility?sslmode=disable",
  "postgresql://app:x@127.0.0.1:5432/fiscility",
  "postgresql://app:x@[::1]/fiscility",
  "postgresql://app:x@%2Fvar%2Frun%2Fpostgresql/fiscility",
  "postgresql:///fiscility?host=/var/run/postgresql",
  `${remote}?sslmode=verify-full`,
])("The configuration accepts the database %s in production", (url) => {
  expect(complaint({ DATABASE_URL: url })).toBe("");
});

test.each([
  ["redis://:secret@cache.internal", ["rediss://"]],
  ["redis://cache.internal", ["a password", "rediss://"]],
  ["rediss://cache.internal", ["a password"]],
  ["rediss://app@cache.internal", ["a password"]],
  ["redis://10.0.0.6", ["a password", "rediss://"]],
  ["redis://[fd00::6]:7000", ["a password", "rediss://"]],
  ["redis+cluster://localhost,cache.internal", ["a password", "rediss://"]],
  ["rediss+cluster://one.internal,two.internal", ["a password"]],
])("The configuration rejects Redis at %s in production", (url, faults) => {
  for (const name of ["REDIS_URL", "REDIS_COUNTERS_URL"]) {
    const message = complaint({ [name]: url });
    for (const fault of faults) expect(message).toMatch(new RegExp(`${name}: .*${fault}`));
    expect(message.split("\n")).toHaveLength(1 + faults.length);
  }
});

test("The configuration accepts Redis on this machine, and elsewhere with TLS and a password", () => {
  for (const url of [
    "redis://127.0.0.1",
    "redis://localhost:6380/1",
    "redis://[::1]",
    "redis+cluster://127.0.0.1:7000,127.0.0.1:7001",
    "rediss+cluster://:secret@one.internal,two.internal",
  ])
    expect(complaint({ REDIS_URL: url, REDIS_COUNTERS_URL: url })).toBe("");
});

test("ALLOW_PLAINTEXT lifts TLS for what it names, but not Redis' password or an unverified certificate", () => {
  const plain = { DATABASE_URL: remote, REDIS_URL: "redis://:secret@cache.internal" };
  expect(complaint({ ...plain, ALLOW_PLAINTEXT: "database" })).toMatch("REDIS_URL: ");
  expect(complaint({ ...plain, ALLOW_PLAINTEXT: "redis" })).toMatch("DATABASE_URL: ");
  expect(complaint({ ...plain, ALLOW_PLAINTEXT: " database, redis" })).toBe("");
  const both = { ALLOW_PLAINTEXT: "database,redis" };
  expect(complaint({ ...both, REDIS_URL: "redis://cache.internal" })).toMatch("a password");
  expect(complaint({ ...both, DATABASE_URL: `${remote}?sslmode=no-verify` })).toMatch("DATABASE");
  expect(parseConfig({ ...right, ...plain, ...both }).plaintext).toEqual(["database", "redis"]);
  expect(parseConfig({ ...right, ...both }).plaintext).toEqual([]);
});

test("The configuration rejects NODE_TLS_REJECT_UNAUTHORIZED=0 in production", () => {
  expect(complaint({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toMatch("NODE_TLS_REJECT_UNAUTHORIZED:");
});

test("The configuration names everything weak or missing in one message", () => {
  const message = complaint({
    DATABASE_URL: remote,
    REDIS_URL: "redis://cache.internal",
    PLAID_BASE_URL: "https://[::ffff:127.0.0.1]",
    PLAID_CLIENT_ID: undefined,
    TOKEN_KEYS: withKey(bytes((at) => at)),
    SESSION_SECRET: "qwertyuiopasdfghjklzxcvbnm1234567890",
    APP_URL: "http://connect.fiscility.com",
  });
  expect(message.split("\n").map((line) => line.split(":")[0]?.trim())).toEqual(
    expect.arrayContaining([
      ...["DATABASE_URL", "REDIS_URL", "PLAID_BASE_URL", "PLAID_CLIENT_ID", "TOKEN_KEYS"],
      ...["SESSION_SECRET", "APP_URL"],
    ]),
  );
});

test("The configuration never rejects a random key or secret, whatever its encoding", () => {
  const secret = fc
    .tuple(
      fc.constantFrom("hex", "base64", "base64url" as const),
      fc.constant(32).map((length) => randomBytes(length)),
      fc.integer({ min: 0, max: 32 }),
    )
    .map(([encoding, random, cut]) => {
      const text = random.toString(encoding as BufferEncoding);
      return text.slice(0, Math.max(32, text.length - cut));
    });
  const ring = fc
    .array(fc.constant(null), { minLength: 1, maxLength: 4 })
    .map((keys) => keys.map((_, at) => `k${at}:${randomBytes(32).toString("base64")}`).join(","));
  fc.assert(
    fc.property(secret, ring, (SESSION_SECRET, TOKEN_KEYS) => {
      expect(complaint({ SESSION_SECRET, TOKEN_KEYS })).toBe("");
    }),
    { numRuns: 300 },
  );
});

test("The configuration requests US banks and two years of transactions when nothing else is set", () => {
  const { plaid } = parseConfig(right);
  expect([plaid.countryCodes, plaid.daysRequested]).toEqual([["US"], 730]);
  const set = { PLAID_COUNTRY_CODES: "us, CA,us", PLAID_DAYS_REQUESTED: "180" };
  const { plaid: other } = parseConfig({ ...right, ...set });
  expect([other.countryCodes, other.daysRequested]).toEqual([["US", "CA"], 180]);
});

test("SECOND_FACTOR is connect in production and optional elsewhere when it is not set", () => {
  const modeOf = (changes: Record<string, string>) =>
    parseConfig({ ...right, ...changes }).secondFactor;
  expect(modeOf({})).toBe("connect");
  expect(modeOf({ NODE_ENV: "development" })).toBe("optional");
  expect(modeOf({ SECOND_FACTOR: "always" })).toBe("always");
});
