import type { Context } from "../api/context.ts";
import type { Auth } from "../auth/auth.ts";
import { changePassword } from "../auth/change-password.ts";
import { tooManyTries } from "../auth/log-in-throttle.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import { logInProblems, passwordProblems } from "../contracts/password-problems.ts";
import type { AuthResult, LoadContext } from "./load-context.ts";
import { toFormFailure } from "./run-form-action.ts";

/** Our messages for better-auth's codes that a user can act on. */
const sentences: Record<string, string> = {
  ...logInProblems,
  INVALID_PASSWORD: reasons.password_incorrect.message,
  CODE_INCORRECT: reasons.code_incorrect.message,
  ...passwordProblems,
};

/**
 * Log-in, sign-up and log-out for the pages' forms: the same requests that a script would send to
 * `/api/auth`, with the visitor's cookies, origin and address. A failed form stays filled in, with the reason
 * next to it; `report` logs the error.
 */
export function createPageAuth(
  auth: Auth,
  appUrl: string,
  visitor: {
    cookie: string | undefined;
    address: string | undefined;
    userAgent: string | undefined;
  },
  context: Context,
  report: (error: unknown) => FiscilityError,
): LoadContext["auth"] {
  async function send(path: string, body: object): Promise<AuthResult> {
    const headers = new Headers({ "content-type": "application/json", origin: appUrl });
    if (visitor.cookie) headers.set("cookie", visitor.cookie);
    if (visitor.address) headers.set("x-forwarded-for", visitor.address);
    if (visitor.userAgent) headers.set("user-agent", visitor.userAgent);
    const request = new Request(`${appUrl}/api/auth/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const response = await auth.handle(request).catch(report);
    if (response instanceof FiscilityError) return toFormFailure(response);
    const responseBody: unknown = await response.json().catch(() => null);
    if (response.ok) {
      const secondStep =
        typeof responseBody === "object" && responseBody !== null && "secondStep" in responseBody;
      return { ok: true, setCookie: response.headers.getSetCookie(), secondStep };
    }
    const code =
      typeof responseBody === "object" && responseBody !== null && "code" in responseBody
        ? String(responseBody.code)
        : "";
    const message =
      sentences[code] ??
      (response.status === 429
        ? tooManyTries(Number(response.headers.get("retry-after")))
        : reasons.internal.message);
    return { ok: false, status: response.status, code, message };
  }
  return {
    logIn: (form) => send("sign-in/email", form),
    signUp: (form) => send("sign-up/email", form),
    async changePassword(form) {
      try {
        const { origin, log } = context.request;
        const asking = { identity: context, origin };
        const code = await changePassword(context.services, asking, form, log);
        if (code === null) return { ok: true, setCookie: [] };
        return { ok: false, status: 400, code, message: sentences[code] ?? "" };
      } catch (error) {
        return toFormFailure(report(error));
      }
    },
    findPendingLogIn: () => auth.findPendingLogIn(visitor.cookie),
    secondStep: (form) => send("second-step", form),
    logOut: () => send("sign-out", {}),
    async leave() {
      const result = await send("sign-out", {});
      return result.ok
        ? { ok: true, setCookie: [...result.setCookie, auth.clearDeviceCookie] }
        : result;
    },
  };
}
