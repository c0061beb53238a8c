import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeEach, expect, onTestFinished } from "vitest";
import { queueMail } from "../../db/mails.ts";
import { createMailer, MailError } from "../../server/mail/mailer.ts";
import type { TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { workFor } from "../support/mail.ts";
import { startMailServer } from "../support/mail-server.ts";
import { jobsIn, mailsOf, only, removeJobs } from "../support/rows.ts";

const server = await startMailServer();
const test = testWithApp(
  { SMTP_URL: server.url },
  { limits: { mailConnect: 1_000, mailSend: 2_000 } },
);

beforeEach(() => server.set("takes"));
afterAll(() => server.close());

/** Queues a mail that cannot be turned off. */
const queue = (app: TestApp, userId: string) =>
  app.services.db
    .transaction()
    .execute((tx) => queueMail(tx, { userId, kind: "verify_email", details: {} }));

/** As if the backoff before the next attempt were over. */
const retryNow = (app: TestApp) =>
  app.query(
    "select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs where task_identifier = 'send_mail' and locked_at is null), run_at := now())",
  );

/** An unconfirmed user's dashboard, which shows the state of the mail. */
async function dashboard(app: TestApp, cookie: string): Promise<string> {
  await app.query("update users set email_verified = false");
  return (await fetch(`${app.url}/dashboard`, { headers: { cookie } })).text();
}

test.for(["away", "busy", "silent"] as const)(
  "A mail is retried while the mail server is %s, the page says so, and it is sent once the server is back",
  async (how, { app }) => {
    const ada = await app.signUp();
    if (how === "away") await server.goAway();
    else server.set(how);
    const worker = await workFor(app);
    try {
      await queue(app, ada.id);
      await expect.poll(async () => (await only(mailsOf(app, ada))).last_error).not.toBeNull();
      expect(await dashboard(app, ada.cookie)).toContain("could not be delivered yet");
      expect((await only(mailsOf(app, ada))).sent_at).toBeNull();
      const before = server.mails.length;
      if (how === "away") await server.comeBack();
      server.set("takes");
      await expect
        .poll(async () => {
          await retryNow(app);
          return (await only(mailsOf(app, ada))).sent_at;
        })
        .not.toBeNull();
      expect(server.mails.slice(before).filter((mail) => mail.includes(ada.email))).toHaveLength(1);
      expect(await dashboard(app, ada.cookie)).not.toContain("could not be delivered yet");
      await expect.poll(() => jobsIn(app, "send_mail")).toEqual([]);
    } finally {
      await worker.stop();
    }
  },
);

test("A mail to a permanently rejected address is not retried, and the page says so", async ({
  app,
}) => {
  const ada = await app.signUp();
  server.set("refuses_address");
  const worker = await workFor(app);
  try {
    await queue(app, ada.id);
    await expect.poll(async () => (await only(mailsOf(app, ada))).failed_at).not.toBeNull();
    await expect.poll(() => jobsIn(app, "send_mail")).toEqual([]);
    expect(await dashboard(app, ada.cookie)).toContain("Your mail server refused our mail");
  } finally {
    await worker.stop();
  }
});

test("A mail that was never accepted is marked as failed after its last attempt, and its job is listed", async ({
  app,
}) => {
  const ada = await app.signUp();
  server.set("busy");
  await queue(app, ada.id);
  await app.query("update graphile_worker._private_jobs set attempts = max_attempts - 1");
  const worker = await workFor(app);
  try {
    await expect.poll(async () => (await only(mailsOf(app, ada))).failed_at).not.toBeNull();
    await expect
      .poll(async () => (await jobsIn(app, "send_mail"))[0]?.last_error)
      .toContain("Try again later");
  } finally {
    await worker.stop();
    await removeJobs(app);
  }
});

test("Mail is never sent without TLS to a server on another host, whatever that server offers", async () => {
  const { createMailer } = await import("../../server/mail/mailer.ts");
  const before = server.mails.length;
  // 127.0.0.2 is also this machine, but no name of it that counts as local.
  const mail = {
    server: {
      host: "mail.invalid",
      port: Number(new URL(server.url).port),
      secure: false,
      user: undefined,
      password: undefined,
    },
    from: "accounts@fiscility.com",
    operator: "accounts@fiscility.com",
  };
  const mailer = createMailer(
    { mail, appUrl: "http://localhost:3000" },
    { mailConnect: 500, mailSend: 1_000 },
  );
  const sent = mailer.send({
    id: "m1",
    to: { name: "Ada", address: "ada@example.com" },
    subject: "Hi",
    text: "Hi",
    html: "Hi",
    unsubscribeUrl: null,
  });
  await expect(sent).rejects.toMatchObject({ name: "MailError", isPermanent: false });
  expect(server.mails).toHaveLength(before);
});

test("A mail that timed out keeps no connection to a server that goes on responding", async () => {
  const sockets = new Set<Socket>();
  const slow = createServer((socket) => {
    socket.resume().on("error", () => {});
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    socket.write("220 ready\r\n");
    const drip = setInterval(() => socket.write("250-wait\r\n"), 50);
    socket.on("close", () => clearInterval(drip));
  }).listen(0, "127.0.0.1");
  await once(slow, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    slow.close();
  });
  const { port } = slow.address() as AddressInfo;
  const mail = { from: "a@example.com", server: { host: "127.0.0.1", port, secure: false } };
  const mailer = createMailer({ mail, appUrl: "http://localhost:3000" } as never, {
    ...{ mailConnect: 1_000, mailSend: 500 },
  });
  const message = { to: { name: "Ada", address: "ada@example.com" }, subject: "x", text: "x" };
  const sent = mailer.send({ id: "1", ...message, html: "x", unsubscribeUrl: null });
  await expect(sent).rejects.toEqual(
    new MailError("The mail server timed out", { isPermanent: false }),
  );
  await expect.poll(() => sockets.size, { timeout: 5_000 }).toBe(0);
});
