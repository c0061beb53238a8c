import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { retention } from "../../server/jobs/retention.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

/** An insert of a row that is $1 old, or expired so long ago, and how many days it may be. */
const tables: Record<string, [insert: string, days: number]> = {
  security_events: [
    "insert into security_events (user_id, kind, at) select id, 'step_up', now() - $1::interval from users",
    retention.securityEvents,
  ],
  log_ins: [
    "insert into log_ins (user_id, outcome, at) select id, 'succeeded', now() - $1::interval from users",
    retention.logIns,
  ],
  mails: [
    `insert into mails (user_id, kind, recipient, created_at)
      select id, 'verify_email', 'x', now() - $1::interval from users`,
    retention.mails,
  ],
  mail_links: [
    `insert into mail_links (token_hash, user_id, purpose, email, expires_at)
      select sha256($1::text::bytea), id, 'confirm_email', 'x', now() - $1::interval from users`,
    retention.mailLinks,
  ],
  webhooks: [
    `insert into webhooks (delivery_hash, type, code, details, signed_at, received_at)
      values (sha256($1::text::bytea), 'ITEM', 'ERROR', '{}', now(), now() - $1::interval)`,
    retention.webhooks,
  ],
  webhook_deliveries: [
    `insert into webhook_deliveries (user_id, endpoint_id, type, body, created_at)
      select user_id, id, 'accounts.changed', '{}', now() - $1::interval from webhook_endpoints`,
    retention.webhookDeliveries,
  ],
  removed_transactions: [
    `insert into removed_transactions (user_id, version, account_id, id)
      select id, extract(epoch from now() - $1::interval) * 1000000, id, 'x' from users`,
    retention.removedTransactions,
  ],
  refused_tokens: [
    "insert into refused_tokens (plaid_item_id, last_at) values ($1::text, now() - $1::interval)",
    0.5,
  ],
  pending_log_ins: [
    `insert into pending_log_ins (token_hash, user_id, expires_at)
      select sha256($1::text::bytea), id, now() - $1::interval from users`,
    0,
  ],
  passkey_challenges: [
    `insert into passkey_challenges (bound_to, purpose, challenge, expires_at)
      values (sha256($1::text::bytea), 'log_in', 'x', now() - $1::interval)`,
    0,
  ],
  sessions: [
    "insert into sessions (user_id, token, expires_at) select id, $1::text, now() - $1::interval from users",
    0,
  ],
  // Last, because each of the above adds a row for the only user.
  users: [
    `insert into users (name, email, claimed_email, created_at)
      values ('Eve', $1 || '@unconfirmed.invalid', 'eve@example.com', now() - $1::interval)`,
    retention.unconfirmedUsers,
  ],
};

test("The sweep deletes rows that are older than their limit, and no younger ones", async ({
  app,
}) => {
  await app.query(`truncate ${Object.keys(tables).join(", ")} cascade`);
  const { id } = await app.signUp();
  await app.query(
    `insert into webhook_endpoints (user_id, id, url, events, secret_sealed)
     values ($1, $1, 'https://hooks.example.com/', '{accounts.changed}', 'sealed')`,
    [id],
  );
  // A user who has confirmed their email stays, however long ago they signed up.
  await app.query("update users set created_at = now() - interval '10 years'");
  const countIn = async (table: string): Promise<number> =>
    (await app.query(`select count(*)::int n from ${table}`))[0].n;
  for (const [table, [insert, days]] of Object.entries(tables)) {
    const before = await countIn(table);
    for (const hours of [1, -1]) await app.query(insert, [`${days * 24 + hours} hours`]);
    expect([table, await countIn(table)]).toEqual([table, before + 2]);
    await sweep(app.services);
    expect([table, await countIn(table)]).toEqual([table, before + 1]);
  }
});

test("docs/operations.md names each limit of retention", () => {
  const [, section = ""] =
    /### How long data is kept\n([\s\S]*?)\n###/.exec(readFileSync("docs/operations.md", "utf8")) ??
    [];
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.replace(/[\s|]+/g, " ").trim());
  const {
    webhooks,
    webhookDeliveries,
    mails,
    logIns,
    securityEvents,
    mailLinks,
    unconfirmedUsers,
  } = retention;
  for (const row of [
    `Plaid's webhooks ${webhooks} days`,
    `webhooks to users' addresses ${webhookDeliveries} days`,
    `mails ${mails} days`,
    `log-ins of earlier versions (table \`log_ins\`) ${logIns} days`,
    `the security record ${securityEvents} days`,
    `links in mail ${mailLinks} days after they expire`,
    `users who never confirm their email ${unconfirmedUsers} days`,
    "refused access tokens (`db/refused-tokens.ts`) half a day after the last try",
  ])
    expect(rows).toContain(row);
});
