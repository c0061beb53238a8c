import { chooseNotices, findMailState, listDeclinedNotices } from "../../db/mails.ts";
import type { Context } from "../api/context.ts";
import { confirmEmail, readLink, resetPassword } from "../auth/mailed-links.ts";
import {
  requestConfirmation,
  requestEmailChange,
  requestPasswordReset,
} from "../auth/request-mail.ts";
import { noticeKinds } from "../contracts/mail.ts";
import { readUnsubscribeToken } from "../mail/unsubscribe.ts";
import type { LoadContext } from "./load-context.ts";
import { type ReportError, runFormAction } from "./run-form-action.ts";

/** The flows that begin or end with a mail, for the pages. */
export function createPageMail(
  context: Context,
  report: ReportError,
): Pick<LoadContext, "email" | "notices"> {
  const { services, request } = context;
  const { db, config } = services;
  // An API key shows no page.
  const user = context.apiKey ? null : context.user;
  const viewerId = user?.id ?? null;
  return {
    email: {
      verified: user?.emailVerified ?? false,
      required: config.requiresVerifiedEmail,
      async state() {
        return user && !user.emailVerified ? findMailState(db, user.id, "verify_email") : null;
      },
      sendLink: () =>
        runFormAction(report, async () => {
          if (user) await requestConfirmation(services, user.id);
        }),
      readLink: (purpose, token) => readLink(db, purpose, token, viewerId),
      confirm: (token) => confirmEmail(db, token, viewerId, request.origin, request.log),
      requestReset: (email) =>
        runFormAction(report, () => requestPasswordReset(services, email, request.origin)),
      resetPassword: (input) =>
        resetPassword(services, input, viewerId, request.origin, request.log),
      requestChange: (input) =>
        runFormAction(report, async () => {
          if (user) await requestEmailChange(services, user.id, input, request.origin);
        }),
    },
    notices: {
      async list() {
        const declined = user ? await listDeclinedNotices(db, user.id) : [];
        return noticeKinds.map((kind) => ({ kind, wanted: !declined.includes(kind) }));
      },
      async choose(wanted) {
        if (!user) return;
        const declined = noticeKinds.filter((kind) => !wanted.includes(kind));
        await chooseNotices(db, user.id, { declined, wanted });
      },
      readToken: (token) => readUnsubscribeToken(config.sessionSecret, token)?.kind ?? null,
      async unsubscribe(token) {
        const found = readUnsubscribeToken(config.sessionSecret, token);
        if (!found) return null;
        await chooseNotices(db, found.userId, { declined: [found.kind], wanted: [] });
        request.log.info({ event: "unsubscribed", ...found }, "Unsubscribed");
        return found.kind;
      },
    },
  };
}
