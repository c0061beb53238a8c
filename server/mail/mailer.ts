import { createTransport } from "nodemailer";
import { isThisMachine } from "../config/host-address.ts";
import type { Config } from "../config.ts";
import type { TimeLimits } from "../time-limits.ts";

/** A mail as it goes out. */
export interface Message {
  /** Unique; the same one again is recognized as a copy by mail programs. */
  id: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  /** For mail that its reader may turn off: what one POST to does that (RFC 8058). */
  unsubscribeUrl: string | null;
}

/** A mail that was not sent. `forGood`: the server does not take mail for this address, now or later. */
export class MailError extends Error {
  override readonly name = "MailError";
  readonly forGood: boolean;

  constructor(message: string, { forGood, cause }: { forGood: boolean; cause?: unknown }) {
    super(message, { cause });
    this.forGood = forGood;
  }
}

export interface Mailer {
  /** Resolves once the mail server has the message. @throws MailError */
  send(message: Message): Promise<void>;
}

/**
 * The one adapter of the mail server. A connection for each mail: there are few, and none is idle when the
 * server restarts. Off this machine TLS is required and its certificate checked.
 */
export function createMailer(
  { mail, appUrl }: Pick<Config, "mail" | "appUrl">,
  limits: Pick<TimeLimits, "mailConnect" | "mailSend">,
): Mailer {
  const { server, from } = mail;
  if (!server) {
    return {
      async send() {
        throw new MailError("SMTP_URL is not set", { forGood: false });
      },
    };
  }
  const { host, port, secure, user, password } = server;
  const near = isThisMachine(host);
  const transport = createTransport({
    host,
    port,
    secure,
    ...(user && password && { auth: { user, pass: password.reveal() } }),
    requireTLS: !secure && !near,
    ignoreTLS: near,
    name: new URL(appUrl).hostname,
    connectionTimeout: limits.mailConnect,
    greetingTimeout: limits.mailConnect,
    socketTimeout: limits.mailSend,
    dnsTimeout: limits.mailConnect,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = new URL(appUrl).hostname;
  return {
    async send({ id, to, subject, text, html, unsubscribeUrl }) {
      const sent = transport.sendMail({
        from,
        to,
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        headers: {
          // No out-of-office reply to this: https://www.rfc-editor.org/rfc/rfc3834
          "Auto-Submitted": "auto-generated",
          ...(unsubscribeUrl && {
            "List-Unsubscribe": { prepared: true, value: `<${unsubscribeUrl}>` },
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          }),
        },
      });
      await within(sent, limits.mailSend).catch((error: Error) => {
        throw new MailError(error.message, { forGood: isRefusedAddress(error), cause: error });
      });
    },
  };
}

/** A server that sends a byte now and then never runs into the socket's own limit. */
async function within(sent: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The mail server takes too long")), ms);
  });
  try {
    await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
    sent.catch(() => {});
  }
}

/** Whether the server said for good (5xx) that it takes no mail for the recipient. */
function isRefusedAddress(error: Error): boolean {
  const { code, command, responseCode } = error as {
    code?: string;
    command?: string;
    responseCode?: number;
  };
  return code === "EENVELOPE" && command === "RCPT TO" && (responseCode ?? 0) >= 500;
}
