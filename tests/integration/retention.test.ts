import { expect } from "vitest";
import { retention } from "../../server/jobs/retention.ts";
import { sweep } from "../../server/jobs/sweep.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

test("The sweep deletes what is older than its limit, and nothing that is younger", async ({
  app,
}) => {
  const ada = await app.signUp();
  /** A row on each side of its limit, by an hour. */
  const tables = {
    security_events: [
      "insert into security_events (user_id, kind, at) values ($1, 'step_up', now() - $2::interval)",
      retention.securityEvents,
    ],
    mails: [
      "insert into mails (user_id, kind, recipient, created_at) values ($1, 'verify_email', 'x', now() - $2::interval)",
      retention.mails,
    ],
    mail_links: [
      `insert into mail_links (token_hash, user_id, purpose, email, expires_at)
        values (sha256($2::text::bytea), $1, 'confirm_email', 'x', now() - $2::interval)`,
      retention.mailLinks,
    ],
    pending_log_ins: [
      `insert into pending_log_ins (token_hash, user_id, expires_at)
        values (sha256($2::text::bytea), $1, now() - $2::interval)`,
      0,
    ],
    sessions: [
      `insert into sessions (user_id, token, expires_at) values ($1, $2::text, now() - $2::interval)`,
      0,
    ],
  } as const;
  const countIn = async (table: string) =>
    (await app.query(`select count(*)::int n from ${table} where user_id = $1`, [ada.id]))[0].n;
  for (const [table, [insert, days]] of Object.entries(tables)) {
    const before = await countIn(table);
    for (const hours of [1, -1]) await app.query(insert, [ada.id, `${days * 24 + hours} hours`]);
    expect([table, await countIn(table)]).toEqual([table, before + 2]);
    await sweep(app.services);
    expect([table, await countIn(table)]).toEqual([table, before + 1]);
  }
  await app.query(
    `insert into passkey_challenges (bound_to, purpose, challenge, expires_at)
      values ('a', 'log_in', 'x', now() - interval '1 minute'), ('b', 'log_in', 'x', now() + interval '1 minute')`,
  );
  await sweep(app.services);
  expect(await app.query("select bound_to from passkey_challenges")).toHaveLength(1);
});
