import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { mailboxPage } from "./mailbox-page.ts";
import type { ReceivedMail } from "./received-mail.ts";

export interface Mailbox {
  /** The address of the mailbox: a page, and `/messages` as JSON. */
  url: string;
  /** For `SMTP_URL`. */
  smtpUrl: string;
  /** Newest first. */
  messages(): ReceivedMail[];
  close(): Promise<void>;
}

/** How many mails are kept. The oldest are deleted. */
const kept = 500;
/** The maximum bytes of a mail. */
const largest = 1_000_000;

/**
 * A mail server that keeps what it receives and forwards nothing, with a page to read it, so that links in
 * mail work on a machine without a mail server. It listens on loopback only, because anyone who can read the
 * mail can take over every account. `port` 0: any free one.
 */
export async function startMailbox({ port }: { port: number }): Promise<Mailbox> {
  const mails: ReceivedMail[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: largest,
    closeTimeout: 100,
    onData(stream, session, done) {
      read(stream)
        .then(async (bytes) => {
          if (stream.sizeExceeded) throw new Error("The mail is too large");
          const to = session.envelope.rcptTo.map(({ address }) => address).join(", ");
          mails.unshift(await parse(bytes, to));
          mails.splice(kept);
          done();
        })
        .catch(done);
    },
  });
  smtp.on("error", () => {});
  const smtpServer = smtp.listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => smtpServer.once("listening", resolve));

  const http = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
    const send = (status: number, type: string, body: string) => {
      res.writeHead(status, {
        "content-type": `${type}; charset=utf-8`,
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
      res.end(body);
    };
    // Prevents DNS rebinding: another site's name could resolve to this machine and read the mail.
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(req.headers.host ?? ""))
      return send(403, "text/plain", "Open this as localhost.\n");
    if (req.method !== "GET") return send(405, "text/plain", "Mail is only read here.\n");
    if (pathname === "/") return send(200, "text/html", mailboxPage(mails));
    if (pathname !== "/messages") return send(404, "text/plain", "There is nothing here.\n");
    const to = searchParams.get("to")?.toLowerCase();
    const found = to === undefined ? mails : mails.filter((mail) => mail.to.toLowerCase() === to);
    send(200, "application/json", JSON.stringify(found));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      http.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
    http.closeAllConnections();
    await new Promise<void>((resolve) => http.close(() => resolve()));
  }
  return {
    url: `http://localhost:${(http.address() as AddressInfo).port}`,
    smtpUrl: `smtp://127.0.0.1:${(smtpServer.address() as AddressInfo).port}`,
    messages: () => [...mails],
    close,
  };
}

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function parse(bytes: Buffer, to: string): Promise<ReceivedMail> {
  const mail = await PostalMime.parse(bytes);
  const text = mail.text ?? "";
  return {
    to,
    from: mail.from?.address ?? "",
    subject: mail.subject ?? "",
    text,
    html: mail.html ?? "",
    links: text.match(/https?:\/\/\S+/g) ?? [],
    headers: Object.fromEntries(mail.headers.map(({ key, value }) => [key, value])),
    receivedAt: new Date().toISOString(),
  };
}
