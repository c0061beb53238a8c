import { setTimeout as sleep } from "node:timers/promises";
import { expect, test as plain } from "vitest";
import { queueMail } from "../../db/mails.ts";
import { startMailbox } from "../../local/mailbox/start-mailbox.ts";
import { isNotice, type MailDetails, type MailKind } from "../../server/contracts/mail.ts";
import { composeMail } from "../../server/mail/compose.ts";
import { createMailer } from "../../server/mail/mailer.ts";
import { mailTexts } from "../../server/mail/texts.ts";
import { timeLimits } from "../../server/time-limits.ts";
import type { TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { mailAbout, mailTo, workFor } from "../support/mail.ts";
import { jobsIn, mailsOf, only } from "../support/rows.ts";

const test = testWithApp();

const examples: MailDetails = {
  verify_email: {},
  address_taken: {},
  reset_password: {},
  confirm_new_email: {},
  email_changed: { newEmail: "new@example.com" },
  new_device: { device: "Chrome on Linux", address: "203.0.113.7", at: "2026-07-01T10:00:00Z" },
  password_changed: { by: "password" },
  factor_changed: { change: "passkey_added" },
  api_key_made: { name: "Notebook" },
  webhook_added: { url: "https://hooks.example.com" },
  webhook_disabled: { url: "https://hooks.example.com" },
  operator_acted: { act: "disabled" },
  bank_connected: { bank: "Mill <b>Bank</b>", accounts: 2 },
  bank_disconnected: { bank: "Mill Bank" },
  bank_needs_you: { bank: "Mill Bank" },
  connection_ends_soon: { bank: "Mill Bank", endsAt: "2026-07-01T10:00:00Z" },
  plan_changed: { plan: "Analyst" },
  plan_requested: {
    ...{ email: "ada@example.com", from: "Intern", plan: "Analyst", planId: "analyst" },
    ...{ accounts: 2, note: "Two more <b>banks</b>" },
  },
};
const kinds = Object.keys(mailTexts) as MailKind[];

plain.each(kinds)("a mail of kind %s has a text and an HTML body that say the same", (kind) => {
  const links = {
    appUrl: "https://app.test",
    token: "t0ken",
    unsubscribeUrl: "https://app.test/u?a=1&b=2",
  };
  const { subject, text, html } = composeMail(kind, examples[kind] as never, "Ada & Co", links);
  expect(subject).not.toMatch(/[\r\n]/);
  expect(text).toContain("Hello Ada & Co,");
  expect(html).toContain("Hello Ada &amp; Co,");
  expect(html).not.toContain("<b>Bank</b>");
  expect(html).not.toMatch(/<script|<img|http-equiv/);
  const inText = text.match(/https:\/\/\S+/g) ?? [];
  for (const link of inText) expect(html).toContain(link.replaceAll("&", "&amp;"));
});

const queue = (app: TestApp, userId: string, fails = false) =>
  app.services.db.transaction().execute(async (tx) => {
    await queueMail(tx, { userId, kind: "api_key_made", details: { name: "Notebook" } });
    if (fails) throw new Error("rolled back");
  });

test("A mail is sent within a second of the commit, and not at all when the transaction is rolled back", async ({
  app,
}) => {
  const ada = await app.signUp();
  const worker = await workFor(app);
  try {
    await queue(app, ada.id, true).catch(() => {});
    await queue(app, ada.id);
    const mail = await mailAbout(app, ada.email, "A new API key was made");
    expect(mail).toMatchObject({ to: ada.email, from: "accounts@fiscility.com" });
    expect(mail.text).toContain("“Notebook”");
    expect(mail.html).toContain("“Notebook”");
    expect(mail.links).toEqual([`${app.url}/settings/api-keys`]);
    expect(mail.headers).toMatchObject({ "auto-submitted": "auto-generated" });
    expect(mail.headers).not.toHaveProperty("list-unsubscribe");
    await expect.poll(() => jobsIn(app, "send_mail")).toEqual([]);
    expect((await only(mailsOf(app, ada))).sent_at).not.toBeNull();
    expect(await mailTo(app, ada.email)).toHaveLength(1);
    // The fastest of several, because the machine runs other tests too.
    const took: number[] = [];
    for (let sent = 2; sent <= 6; sent += 1) {
      await queue(app, ada.id);
      const committed = Date.now();
      await expect.poll(async () => (await mailTo(app, ada.email)).length).toBe(sent);
      const [newest] = await mailTo(app, ada.email);
      took.push(Date.parse(newest?.receivedAt ?? "") - committed);
    }
    expect(Math.min(...took)).toBeLessThan(1_000);
  } finally {
    await worker.stop();
  }
});

test("A mail's job and row contain no token of a link, and the job no address", async ({ app }) => {
  const ada = await app.signUp();
  await app.services.db
    .transaction()
    .execute((tx) => queueMail(tx, { userId: ada.id, kind: "reset_password", details: {} }));
  const [job] = await app.query(
    "select payload from graphile_worker._private_jobs where payload->>'userId' = $1",
    [ada.id],
  );
  expect(Object.keys(job.payload).sort()).toEqual(["id", "userId"]);
  const worker = await workFor(app);
  try {
    const mail = await mailAbout(app, ada.email, "Choose a new password");
    const token = new URL(mail.links[0] ?? "").searchParams.get("token") as string;
    const rows = await app.query(
      "select to_jsonb(mails) as row from mails union all select to_jsonb(mail_links) from mail_links",
    );
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(app.logLines.join("")).not.toContain(token);
  } finally {
    await worker.stop();
  }
});

test("Every kind of mail is sent; only notices have a one-click unsubscribe header", async ({
  app,
}) => {
  const ada = await app.signUp();
  await app.query("delete from declined_notices");
  await app.services.db.transaction().execute(async (tx) => {
    for (const kind of kinds)
      await queueMail(tx, { userId: ada.id, kind, details: examples[kind] as never });
  });
  const worker = await workFor(app);
  try {
    await expect.poll(async () => (await mailTo(app, ada.email)).length).toBe(kinds.length);
    const mails = await mailTo(app, ada.email);
    const withHeader = mails.filter(({ headers }) => headers["list-unsubscribe"]);
    expect(withHeader).toHaveLength(kinds.filter(isNotice).length);
    for (const { headers } of withHeader) {
      expect(headers["list-unsubscribe"]).toMatch(
        /^<http:\/\/localhost:\d+\/unsubscribe\?token=\S+>$/,
      );
      expect(headers["list-unsubscribe-post"]).toBe("List-Unsubscribe=One-Click");
    }
  } finally {
    await worker.stop();
  }
});

test("The local mailbox lists mail newest first, shows it as inert text, and refuses other hosts' names", async () => {
  const mailbox = await startMailbox({ port: 0 });
  try {
    const server = new URL(mailbox.smtpUrl);
    const mail = {
      server: {
        host: server.hostname,
        port: Number(server.port),
        secure: false,
        user: undefined,
        password: undefined,
      },
      from: "accounts@fiscility.com",
      operator: "accounts@fiscility.com",
    };
    const mailer = createMailer({ mail, appUrl: "http://localhost:3000" }, timeLimits);
    for (const n of [1, 2]) {
      await mailer.send({
        id: `m${n}`,
        to: { name: "Ada, Countess", address: "ada@example.com" },
        subject: `Mail ${n} <script>`,
        text: `See http://localhost:3000/a?b=${n} <script>alert(1)</script>`,
        html: "<p>Hi</p>",
        unsubscribeUrl: null,
      });
      await sleep(2);
    }
    const messages = (await (await fetch(`${mailbox.url}/messages`)).json()) as object[];
    expect(messages).toMatchObject([
      { to: "ada@example.com", subject: "Mail 2 <script>", links: ["http://localhost:3000/a?b=2"] },
      { to: "ada@example.com", subject: "Mail 1 <script>", links: ["http://localhost:3000/a?b=1"] },
    ]);
    const page = await (await fetch(mailbox.url)).text();
    expect(page).toContain('<a href="http://localhost:3000/a?b=2">');
    expect(page).not.toContain("<script>");
    // `fetch` sets its own Host.
    const { request } = await import("node:http");
    const foreign = await new Promise<number | undefined>((resolve) =>
      request(`${mailbox.url}/messages`, { headers: { host: "evil.example" } }, (res) =>
        resolve(res.resume().statusCode),
      ).end(),
    );
    expect(foreign).toBe(403);
  } finally {
    await mailbox.close();
  }
});
