import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterEach, expect, onTestFinished } from "vitest";
import {
  accessTokenOwner,
  publicTokenOwner,
  type SealedFor,
  sealedColumns,
  webhookSecretOwner,
} from "../../db/sealed.ts";
import { freePort } from "../../local/ports.ts";
import { parseConfig, parseTokenKeys } from "../../server/config.ts";
import { type RunningServer, startServer } from "../../server/server.ts";
import { Secret } from "../../server/vault/secret.ts";
import { Vault } from "../../server/vault/vault.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { awaitLater } from "../support/await-later.ts";
import { compareBooks } from "../support/books.ts";
import { built } from "../support/built.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { isMatrix } from "../support/matrix.ts";
import { lockWaiters } from "../support/rows.ts";

const key = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const [old, fresh] = [key("old"), key("new")];
const ring = `${fresh},${old}`;
/** Attempts that ended long ago, besides the real ones. */
const past = 1_000;

const test = testWithApp({ TOKEN_KEYS: old, TOKEN_ENVELOPES: "v1" });
/** A server that was started with the new ring. */
let node: RunningServer;
let ada: TestUser;
let unfinished: string;
test.beforeEach(async ({ app }) => {
  await startOver(app);
  ada = await app.signUp("cfo");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await app.post("/trpc/secondFactors.startAuthenticator", {}, ada);
  // An exchange without a response: its attempt keeps the encrypted public_token.
  await app.fault({ path: "/item/public_token/exchange", times: 3, do: { drop: "before" } });
  unfinished = await app.publicToken("ins_109511");
  const { body } = await app.post("/plaid/exchange-token", { public_token: unfinished }, ada);
  expect(body.error.reason).toBe("outcome_pending");
  const vault = new Vault(parseTokenKeys(old), "v1");
  const rows = Array.from({ length: past }, () => {
    const id = randomUUID();
    const seal = (token: string, owner: SealedFor) => vault.seal(new Secret(token), owner);
    const hash = randomBytes(32).toString("hex");
    return {
      id,
      hash,
      a: seal("access", accessTokenOwner(ada.id, id)),
      p: seal("public", publicTokenOwner(ada.id, id)),
    };
  });
  await app.query(
    `insert into link_attempts (id, user_id, public_token_hash, status, reason,
       access_token_sealed, public_token_sealed)
     select id, $1, decode(hash, 'hex'), 'failed', 'connect_failed', a, p
     from json_to_recordset($2::json) as x (id uuid, hash text, a text, p text)`,
    [ada.id, JSON.stringify(rows)],
  );
  // A Link that was finished while its tab was closed.
  expect((await app.post("/plaid/create-link-token", {}, ada)).status).toBe(200);
  const [link] = await app.query("select id from link_tokens where user_id = $1", [ada.id]);
  const found = vault.seal(new Secret("public"), publicTokenOwner(ada.id, link.id));
  await app.query("update link_tokens set public_token_sealed = $1 where id = $2", [
    found,
    link.id,
  ]);
  await app.query(
    `insert into webhook_endpoints
       (user_id, id, url, events, secret_sealed, old_secret_sealed)
     values ($1, $2, 'https://hooks.example.com/', '{accounts.changed}', $3, $3)`,
    [...[ada.id, link.id], vault.seal(new Secret("whsec_x"), webhookSecretOwner(ada.id, link.id))],
  );
  const port = await freePort();
  const env = { ...app.env, TOKEN_KEYS: ring, TOKEN_ENVELOPES: "v2", PORT: String(port) };
  node = await startServer(
    parseConfig({ ...env, APP_URL: `http://localhost:${port}`, LOG_LEVEL: "silent" }),
  );
});
afterEach(() => node?.close());

function rotate(app: TestApp, keys: string, TOKEN_ENVELOPES = "") {
  const child = spawn(process.execPath, built("rotate-keys"), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DATABASE_URL: app.databaseUrl, TOKEN_KEYS: keys, TOKEN_ENVELOPES },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((all) => all.join(""));
  return { child, said: output, ended: awaitLater(once(child, "exit")) };
}

/** Counts the rows of each format and key. */
async function counts(app: TestApp): Promise<Record<string, number>> {
  const each = sealedColumns.map(
    ({ table, column }) => `select substring(${column} from '^[^.]+\\.[^.]+') key from ${table}
       where ${column} is not null`,
  );
  const rows = await app.query(
    `select key, count(*)::int n from (${each.join(" union all ")}) x group by key`,
  );
  return Object.fromEntries(rows.map(({ key, n }) => [key, n]));
}

test("keys:rotate covers every encrypted column of the schema", async ({ app }) => {
  const columns = await app.query(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'public' and column_name like '%sealed%'`,
  );
  const known = sealedColumns.map(({ table, column }) => ({ table, column }));
  expect(known).toEqual(expect.arrayContaining(columns));
  expect(known).toHaveLength(columns.length);
});

test("keys:rotate changes nothing when the ring lacks a key that rows need", async ({ app }) => {
  const before = await counts(app);
  const { said: output, ended } = rotate(app, fresh);
  expect(await ended).toEqual([1, null]);
  expect(await output).toContain(
    `lacks keys that rows are encrypted with: old (${before["v1.old"]} rows)`,
  );
  expect(await output).not.toContain(old.split(":")[1]);
  expect(await counts(app)).toEqual(before);
});

test("keys:rotate leaves every row under the new key when it is killed halfway and run again during connections", async ({
  app,
}) => {
  // Exactly halfway: a row in the middle waits for a lock that is held here.
  const [{ id: middle }] = await app.query(
    "select id from link_attempts order by id offset $1 limit 1",
    [past / 2],
  );
  const holder = new pg.Client({ connectionString: app.databaseUrl });
  holder.on("error", () => {});
  await holder.connect();
  onTestFinished(async () => {
    await holder.end();
    await app.query("drop function if exists wait_here cascade");
  });
  await holder.query("select pg_advisory_lock(7)");
  await app.query(`
    create function wait_here() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock(7); return new; end $$;
    create trigger wait_here before update on link_attempts
      for each row when (old.id = '${middle}') execute function wait_here()`);
  const first = rotate(app, ring);
  await expect.poll(() => lockWaiters(app)).toHaveLength(1);
  first.child.kill("SIGKILL");
  await first.ended;
  await holder.end();
  await expect
    .poll(() =>
      app.query(
        "select 1 from pg_stat_activity where datname = current_database() and query like '%with free%' and state = 'active' and pid <> pg_backend_pid()",
      ),
    )
    .toHaveLength(0);
  await app.query("drop trigger wait_here on link_attempts");
  const halfway = await counts(app);
  expect(halfway["v2.new"]).toBeGreaterThan(0);
  expect(halfway["v1.old"]).toBeGreaterThan(past / 2);

  const second = rotate(app, ring);
  let running = true;
  second.child.once("exit", () => {
    running = false;
  });
  const banks = ["ins_109509", "ins_109510", "ins_109511"];
  const statuses: number[] = [];
  while (running || statuses.length < banks.length) {
    const token = await app.publicToken(banks[statuses.length % banks.length]);
    // A new user each time, because a bank's accounts may be connected only once.
    statuses.push(await app.connectAt(node.url, token, await app.signUp("cfo")));
  }
  expect(await second.ended).toEqual([0, null]);
  expect(await second.said).toMatch(/No row needs old any more\. Drop it from TOKEN_KEYS when/);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(Object.keys(await counts(app))).toEqual(["v2.new"]);

  // Every re-encrypted value is unchanged and needs only the new key.
  const vault = new Vault(parseTokenKeys(fresh));
  for (const { table, column, id: key, owner } of sealedColumns) {
    const rows = await app.query(
      `select ${key} id, user_id, ${column} sealed from ${table} where ${column} is not null`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const opened = rows.map(({ id, user_id, sealed }) =>
      vault.open(sealed, owner(user_id, id)).reveal(),
    );
    for (const token of opened)
      expect(token).toMatch(
        /^(access|public$|public-sandbox-|link-sandbox-|whsec_x$|[A-Z2-7]{32}$)/,
      );
  }
  const items = await app.query("select id, user_id, access_token_sealed sealed from items");
  expect(items).toHaveLength(1 + statuses.length);
  for (const { id, user_id, sealed } of items) {
    const accessToken = vault.open(sealed, accessTokenOwner(user_id, id));
    expect((await node.services.plaid.getItem(accessToken)).error).toBeNull();
  }
  // The unfinished attempt continues on the server that has the new key.
  await app.clearFaults();
  expect(await app.connectAt(node.url, unfinished, ada)).toBe(200);
  expect(await compareBooks(app)).toMatchObject({ orphans: 0, duplicates: 0 });
});

test.skipIf(!isMatrix)(
  "keys:rotate with TOKEN_ENVELOPES=v1 re-encrypts everything for the previous version, for a rollback",
  async ({ app }) => {
    expect(await rotate(app, ring).ended).toEqual([0, null]);
    const rows = (await counts(app))["v2.new"];
    const back = rotate(app, ring, "v1");
    expect(await back.ended).toEqual([0, null]);
    expect(await counts(app)).toEqual({ "v1.new": rows });
    const forth = rotate(app, ring);
    expect(await forth.ended).toEqual([0, null]);
    expect(await counts(app)).toEqual({ "v2.new": rows });
    const unknown = rotate(app, ring, "v3");
    expect(await unknown.ended).toEqual([1, null]);
    expect(await unknown.said).toContain("TOKEN_ENVELOPES: expected v1 or v2");
  },
);
