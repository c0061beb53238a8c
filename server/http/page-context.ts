import type { Request, Response } from "express";
import { z } from "zod";
import { listConsents } from "../../db/consents.ts";
import { markNewsSeen } from "../../db/link-tokens.ts";
import { listPlanRequests } from "../../db/plan-requests.ts";
import { type Context, failureToIdentify } from "../api/context.ts";
import { createCaller } from "../api/router.ts";
import { mustSetUpFactor } from "../auth/second-factor/require-factor.ts";
import { listLinkNews } from "../connect/link-news.ts";
import { returnToLink } from "../connect/return-to-link.ts";
import { reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { LoadContext } from "./load-context.ts";
import { localsOf } from "./locals.ts";
import { createPageAuth } from "./page-auth.ts";
import { createPageExports } from "./page-exports.ts";
import { createPageMail } from "./page-mail.ts";
import { createPageSessions } from "./page-sessions.ts";
import { logFailure } from "./request-log.ts";

/**
 * Builds the context for the loaders and actions of one page request; `context` has its caller, `same` what is
 * the same for all requests.
 */
export async function createPageContext(
  services: Services,
  context: Context,
  same: Pick<LoadContext, "openApi" | "release">,
  req: Request,
  res: Response,
): Promise<LoadContext> {
  const { auth, config } = services;
  // Pages are for users, so an API key shows none.
  const user = context.apiKey ? null : context.user;
  const report = (error: unknown) => logFailure(services, req, error, req.path);
  const failure = failureToIdentify(context);
  if (failure) report(failure);
  return {
    caller: createCaller(context),
    get viewer() {
      if (!failure) return user && { id: user.id, name: user.name, email: user.email };
      throw new globalThis.Response(null, { status: reasons[failure.reason].status });
    },
    userId: user?.id ?? null,
    mustSetUpFactor: user !== null && (await mustSetUpFactor(services, user.id)),
    dataVersion: user?.dataVersion ?? 0,
    kept: (name, load) => {
      if (!user) return load();
      const day = services.clock.now().toISOString().slice(0, 10);
      return services.cache.readHere(user.id, `page ${name} ${day}`, user.dataVersion, load);
    },
    auth: createPageAuth(
      auth,
      config.appUrl,
      {
        cookie: req.headers.cookie,
        address: req.ip,
        userAgent: req.headers["user-agent"],
      },
      context,
      report,
    ),
    ...createPageMail(context, report),
    planRequests: async () => (user ? listPlanRequests(services.db, user.id) : []),
    consents: async () => (user ? listConsents(services.db, user.id) : []),
    sessions: createPageSessions(context),
    link: {
      ...linkSource(config.plaid.standIn),
      returnTo: async ({ linkId, ...returned }) =>
        user
          ? returnToLink(services, user, {
              ...returned,
              linkId: z.uuid().safeParse(linkId).data ?? null,
            })
          : { at: "lost" },
      listLinkNews: async () => (user ? listLinkNews(services, user) : []),
      markNewsSeen: async (id) => {
        if (user && z.uuid().safeParse(id).success) await markNewsSeen(services.db, user.id, id);
      },
    },
    exports: createPageExports(context, res),
    report,
    secure: config.production,
    ...same,
    nonce: localsOf(req).nonce,
  };
}

function linkSource(standIn: string | undefined) {
  const script = "/link/v2/stable/link-initialize.js";
  return {
    scriptUrl: `${standIn ?? "https://cdn.plaid.com"}${script}`,
    local: standIn !== undefined,
  };
}
