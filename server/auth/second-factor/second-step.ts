import { APIError, createAuthEndpoint, getIP } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { type Origin, recordSecurityEvent } from "../../../db/security-events.ts";
import { passkeyLogInBody, passkeyOptionsBody, secondStepBody } from "../auth-request.ts";
import { shortAddress } from "../where-from.ts";
import { spendBackupCode } from "./backup-codes.ts";
import { noteFactorChange } from "./note-factor-change.ts";
import { authenticationOptions, boundTo, type PasskeyNeeds, verifyPasskey } from "./passkeys.ts";
import type { PendingLogIn, PendingLogIns } from "./pending-log-ins.ts";
import { spendTotpCode, type TotpNeeds } from "./totp.ts";

type AuthContext = Parameters<typeof setSessionCookie>[0];

interface Needs extends TotpNeeds, PasskeyNeeds {
  pending: PendingLogIns;
}

/** A user's input in the second step of a log-in. */
interface SecondStep {
  code?: string | undefined;
  passkey?: string | undefined;
}

const inBrowser = (token: string, purpose: "log_in" | "second_step") => ({
  boundTo: boundTo("browser", token),
  purpose,
});

const refuse = (status: "UNAUTHORIZED" | "FORBIDDEN", code: string, message: string) =>
  new APIError(status, { code, message });

/**
 * The second step of a log-in and the log-in with only a passkey, as endpoints of better-auth. They set the
 * session's cookie as its own log-in does, and its hooks run after them.
 */
export function secondStepPlugin(needs: Needs) {
  const { pending, db } = needs;
  const originOf = ({ headers, context }: AuthContext): Origin => ({
    address: shortAddress(headers ? getIP(headers, context.options) : null),
    userAgent: headers?.get("user-agent") ?? null,
  });
  const cookiesOf = (ctx: AuthContext) => ctx.headers?.get("cookie") ?? null;

  async function logIn(ctx: AuthContext, userId: string) {
    const { internalAdapter, authCookies, secret } = ctx.context;
    const user = await internalAdapter.findUserById(userId);
    if (!user) throw refuse("UNAUTHORIZED", "LOG_IN_EXPIRED", "The log-in has expired.");
    const name = authCookies.dontRememberToken.name;
    const forThisVisit = Boolean(await ctx.getSignedCookie(name, secret));
    const session = await internalAdapter.createSession(userId, forThisVisit);
    await setSessionCookie(ctx, { session, user }, forThisVisit);
    return ctx.json({ loggedIn: true });
  }

  /** Returns the factor that verifies the input, and uses it up; null when the input is wrong. */
  async function verifyFactor(
    log: PendingLogIn,
    { code, passkey }: SecondStep,
    origin: Origin,
  ): Promise<"passkey" | "totp" | "backup_code" | null> {
    const { userId, token } = log;
    if (passkey !== undefined) {
      const place = inBrowser(token, "second_step");
      return (await verifyPasskey(needs, place, userId, passkey)) === userId ? "passkey" : null;
    }
    const typed = (code ?? "").replace(/\s/g, "");
    if (/^\d{6}$/.test(typed)) return (await spendTotpCode(needs, userId, typed)) ? "totp" : null;
    return db.transaction().execute(async (tx) => {
      if (!(await spendBackupCode(tx, userId, typed))) return null;
      await noteFactorChange(tx, { userId, change: "backup_code_used", origin });
      return "backup_code";
    });
  }

  return {
    id: "second-step" as const,
    endpoints: {
      /** Completes a log-in whose password was correct. */
      secondStep: createAuthEndpoint(
        "/second-step",
        { method: "POST", body: secondStepBody },
        async (ctx) => {
          const log = await pending.find(cookiesOf(ctx));
          if (!log) throw refuse("UNAUTHORIZED", "LOG_IN_EXPIRED", "The log-in has expired.");
          const { userId } = log;
          const origin = originOf(ctx);
          if ((await verifyFactor(log, ctx.body, origin)) === null) {
            const by = ctx.body.passkey === undefined ? "code" : "passkey";
            await recordSecurityEvent(db, {
              userId,
              kind: "factor_failed",
              details: { by },
              origin,
            });
            const code = by === "code" ? "CODE_INCORRECT" : "PASSKEY_INVALID";
            throw refuse("UNAUTHORIZED", code, "This is not right, or was used before.");
          }
          if (!(await pending.end(log)))
            throw refuse("UNAUTHORIZED", "LOG_IN_EXPIRED", "The log-in has expired.");
          return logIn(ctx, userId);
        },
      ),
      /** Returns what a passkey must sign, for the second step or for a log-in with only a passkey. */
      passkeyOptions: createAuthEndpoint(
        "/passkey/options",
        { method: "POST", body: passkeyOptionsBody },
        async (ctx) => {
          const cookies = cookiesOf(ctx);
          if (ctx.body.secondStep) {
            const log = await pending.find(cookies);
            if (!log) throw refuse("UNAUTHORIZED", "LOG_IN_EXPIRED", "The log-in has expired.");
            const place = inBrowser(log.token, "second_step");
            return ctx.json({ options: await authenticationOptions(needs, place, log.userId) });
          }
          const { token, cookie } = pending.browser(cookies);
          ctx.setCookie(cookie.name, cookie.value, cookie.attributes);
          const place = inBrowser(token, "log_in");
          return ctx.json({ options: await authenticationOptions(needs, place, null) });
        },
      ),
      /** Logs in with a passkey that has verified its user; no other factor is needed. */
      passkeyLogIn: createAuthEndpoint(
        "/passkey/log-in",
        { method: "POST", body: passkeyLogInBody },
        async (ctx) => {
          const token = pending.tokenIn(cookiesOf(ctx));
          const userId =
            token &&
            (await verifyPasskey(needs, inBrowser(token, "log_in"), null, ctx.body.passkey));
          if (!userId)
            throw refuse("UNAUTHORIZED", "PASSKEY_INVALID", "This passkey was not accepted.");
          return logIn(ctx, userId);
        },
      ),
    },
  };
}
