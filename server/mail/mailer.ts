import { createTransport } from "nodemailer";
import { isThisMachine } from "../config/host-address.ts";
import type { Config } from "../config.ts";
import type { TimeLimits } from "../time-limits.ts";

/** A mail to send. */
export interface Message {
  /** Unique. Mail programs recognize a second copy by it. */
  id: string;
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  /** For notices that can be turned off: the URL for one-click unsubscribe by POST (RFC 8058). */
  unsubscribeUrl: string | null;
}

/** A mail that was not sent. `isPermanent`: the server permanently rejects this recipient. */
export class MailError extends Error {
  override readonly name = "MailError";
  readonly isPermanent: boolean;

  constructor(message: string, { isPermanent, cause }: { isPermanent: boolean; cause?: unknown }) {
    super(message, { cause });
    this.isPermanent = isPermanent;
  }
}

export interface Mailer {
  /** Resolves once the mail server has accepted the message. @throws MailError */
  send(message: Message): Promise<void>;
}

/**
 * The adapter for the mail server. Opens a connection for each mail: there are few, and an idle connection
 * would break when the server restarts. To other hosts, TLS with a verified certificate is required.
 */
export function createMailer(
  { mail, appUrl }: Pick<Config, "mail" | "appUrl">,
  limits: Pick<TimeLimits, "mailConnect" | "mailSend">,
): Mailer {
  const { server, from } = mail;
  if (!server) {
    return {
      async send() {
        throw new MailError("SMTP_URL is not set", { isPermanent: false });
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
      // Closes the connection. A server that sends a byte now and then never triggers `socketTimeout`.
      const signal = AbortSignal.timeout(limits.mailSend);
      const sent = transport.sendMail({
        signal,
        from,
        to,
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        headers: {
          // Prevents out-of-office replies: https://www.rfc-editor.org/rfc/rfc3834
          "Auto-Submitted": "auto-generated",
          ...(unsubscribeUrl && {
            "List-Unsubscribe": { prepared: true, value: `<${unsubscribeUrl}>` },
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          }),
        },
      });
      await sent.catch((error: Error) => {
        const message = signal.aborted ? "The mail server timed out" : error.message;
        throw new MailError(message, { isPermanent: isRefusedAddress(error), cause: error });
      });
    },
  };
}

/** Whether the server permanently (5xx) rejected the recipient. */
function isRefusedAddress(error: Error): boolean {
  const { code, command, responseCode } = error as {
    code?: string;
    command?: string;
    responseCode?: number;
  };
  return code === "EENVELOPE" && command === "RCPT TO" && (responseCode ?? 0) >= 500;
}
