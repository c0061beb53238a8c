import type { Db } from "../../db/client.ts";
import { type LinkPurpose, makeMailLink } from "../../db/mail-links.ts";
import { findUnsentMail, type MailRow, markSent, markUnsent } from "../../db/mails.ts";
import type { Config } from "../config.ts";
import { isNotice, type MailKind } from "../contracts/mail.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import { composeMail } from "./compose.ts";
import { MailError, type Mailer } from "./mailer.ts";
import { unsubscribeToken } from "./unsubscribe.ts";

interface Needs {
  config: Pick<Config, "appUrl" | "sessionSecret">;
  db: Db;
  mailer: Mailer;
  limits: Pick<TimeLimits, "confirmLink" | "resetLink">;
}

/** The mails whose button is a link that works once. */
const linkOf: Partial<Record<MailKind, LinkPurpose>> = {
  verify_email: "confirm_email",
  confirm_new_email: "confirm_email",
  reset_password: "reset_password",
};

/**
 * Sends a queued mail. A link's token is created now and stored nowhere, neither in the job nor in the mail's
 * row, and its lifetime starts when the mail is sent. When it is sent again after a lost response, the mail
 * has the same id.
 *
 * @param isLast whether the job is not retried after this
 * @throws MailError so that graphile-worker retries, unless the recipient is permanently rejected
 */
export async function sendMail(
  services: Needs,
  { userId, id }: { userId: string; id: string },
  log: Log,
  isLast: boolean,
): Promise<void> {
  const { db, mailer } = services;
  const mail = await findUnsentMail(db, userId, id);
  if (!mail) return;
  const { kind } = mail;
  try {
    await mailer.send(await toMessage(services, mail));
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    const isPermanent = error.isPermanent || isLast;
    await markUnsent(db, userId, id, { error: error.message, isPermanent });
    log[isPermanent ? "error" : "warn"](
      {
        event: "mail",
        outcome: isPermanent ? "failed" : "delayed",
        kind,
        userId,
        cause: error.message,
      },
      "Mail not sent",
    );
    if (error.isPermanent) return;
    throw error;
  }
  await markSent(db, userId, id);
  log.info({ event: "mail", outcome: "sent", kind, userId }, "Mail sent");
}

async function toMessage(
  { config, db, limits }: Needs,
  { user_id: userId, id, kind, recipient, details, name }: MailRow & { name: string },
) {
  const purpose = linkOf[kind];
  const lifetimeMs = purpose === "reset_password" ? limits.resetLink : limits.confirmLink;
  const token = purpose
    ? await makeMailLink(db, userId, { purpose, email: recipient, lifetimeMs })
    : null;
  const unsubscribeUrl = isNotice(kind)
    ? `${config.appUrl}/unsubscribe?token=${unsubscribeToken(config.sessionSecret, userId, kind)}`
    : null;
  const reader = kind === "plan_requested" ? "operator" : name;
  const links = { appUrl: config.appUrl, token, unsubscribeUrl };
  return {
    id,
    to: { name: reader, address: recipient },
    ...composeMail(kind, details as never, reader, links),
    unsubscribeUrl,
  };
}
