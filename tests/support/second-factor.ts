import { setTimeout as pause } from "node:timers/promises";
import { Secret, TOTP } from "otpauth";
import type { TestApp, TestUser } from "./app.ts";
import { softwarePasskey } from "./software-passkey.ts";

/** How long each code is valid. Milliseconds. */
const step = 30_000;

/**
 * An authenticator app. `code` returns the code so many steps of 30 seconds from now: -1, 0 and 1 are
 * accepted.
 */
export function authenticator(secret: string) {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = (steps = 0) => totp.generate({ timestamp: Date.now() + steps * step });
  return {
    code,
    /** Returns the code of the previous step, which is accepted for 3 seconds or more. May wait that long. */
    async previousCode() {
      const left = step - (Date.now() % step);
      if (left < 3_000) await pause(left + 10);
      return code(-1);
    },
  };
}

/** Sets up an authenticator app for the user, which uses up the code of the previous step. */
export async function addAuthenticator(app: TestApp, user: TestUser) {
  await app.stepUp(user);
  const started = await app.post("/api/v1/second-factors/authenticator", {}, user);
  if (started.status !== 200) throw new Error(JSON.stringify(started.body));
  const own = authenticator(started.body.secret);
  const confirmed = await app.post(
    "/api/v1/second-factors/authenticator/confirmation",
    { code: await own.previousCode() },
    user,
  );
  if (confirmed.status !== 200) throw new Error(JSON.stringify(confirmed.body));
  return { ...own, backupCodes: confirmed.body.backup_codes as string[] };
}

/**
 * Returns the cookies of responses as a browser sends them: the last of each name counts, and empty ones are
 * deleted.
 */
export function cookiesOf(...responses: { headers: Headers }[]): { cookie: string } {
  const jar = new Map<string, string>();
  for (const { headers } of responses)
    for (const line of headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
  const kept = [...jar].filter(([, value]) => value !== "");
  return { cookie: kept.map(([name, value]) => `${name}=${value}`).join("; ") };
}

/** The first step of a log-in: the correct password. */
export async function beginLogIn(app: TestApp, { email, password }: TestUser, cookie = "") {
  const response = await app.post("/api/auth/sign-in/email", { email, password }, { cookie });
  return { ...response, cookie: cookiesOf(response).cookie };
}

/** The second step, in the browser with this cookie. */
export const endLogIn = (app: TestApp, cookie: string, body: object) =>
  app.post("/api/auth/second-step", body, { cookie });

/** Registers a new passkey of this user. */
export async function addPasskey(app: TestApp, user: TestUser, passkey = softwarePasskey(app.url)) {
  await app.stepUp(user);
  const { body } = await app.post("/api/v1/second-factors/passkey-options", {}, user);
  const input = { name: "Laptop", passkey: passkey.register(body.options) };
  const added = await app.post("/api/v1/second-factors/passkeys", input, user);
  if (added.status !== 200) throw new Error(JSON.stringify(added.body));
  return passkey;
}

/** Requests the options for a log-in by passkey. Returns them with the browser's cookie. */
export async function askToLogIn(app: TestApp) {
  const response = await app.post("/api/auth/passkey/options", {});
  return { options: response.body.options as string, ...cookiesOf(response) };
}

/** Logs in with what a passkey signed, in the browser with this cookie. */
export const logInByPasskey = (app: TestApp, cookie: string, passkey: string) =>
  app.post("/api/auth/passkey/log-in", { passkey }, { cookie });
