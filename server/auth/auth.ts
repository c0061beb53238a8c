import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { betterAuth } from "better-auth";
import { APIError, createAuthMiddleware } from "better-auth/api";
import { parseCookies } from "better-auth/cookies";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import type { RequestHandler } from "express";
import type { Kysely } from "kysely";
import type { Database } from "../../db/schema.ts";
import { type FactorMethods, findFactorMethods } from "../../db/second-factors.ts";
import { deleteSession, findSession } from "../../db/sessions.ts";
import { insertUser } from "../../db/sign-ups.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { Gate } from "../gate.ts";
import { networkOf } from "../rate-limits/network-of.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { Vault } from "../vault/vault.ts";
import { createAfterLogIn, recordLogOut } from "./after-log-in.ts";
import { type AuthRequest, basePath, readAuthRequest } from "./auth-request.ts";
import { logInAsClaimant } from "./claimants.ts";
import { whyGuessed } from "./guessed-passwords.ts";
import type { User } from "./identity.ts";
import type { KnownDevices } from "./known-devices.ts";
import type { LogInThrottle } from "./log-in-throttle.ts";
import { logInBusy, type Passwords, waitingLogIns } from "./passwords.ts";
import type { PendingLogIns } from "./second-factor/pending-log-ins.ts";
import { secondStepPlugin } from "./second-factor/second-step.ts";
import { SharedReads } from "./shared-reads.ts";
import { signUp } from "./sign-up.ts";
import { readSigned } from "./signed-cookie.ts";
import { shortAddress } from "./where-from.ts";

/**
 * The one door to better-auth: who is asking, log-in, sign-up, log-out. Sessions are rows in
 * PostgreSQL behind an httpOnly, SameSite=Lax cookie, Secure in production.
 */
export interface Auth {
  /** Everything below `/api/auth`, for scripts: `POST /api/auth/sign-in/email`, … */
  handler: RequestHandler;
  /**
   * Answers one request to `/api/auth/*` in-process, with all the checks a real one meets. Errors: the
   * reasons of `readAuthRequest`, `log_in_busy`, and those of a database that is away.
   */
  handle(request: Request): Promise<Response>;
  /**
   * The person behind these headers, with their plan, data version and session, or null. `setCookie`
   * is told when the browser is to keep another cookie from now on: of a session that was prolonged,
   * or is no more.
   */
  authenticate(
    headers: IncomingHttpHeaders,
    setCookie: (lines: string[]) => void,
  ): Promise<{ user: User; sessionId: string } | null>;
  /** Whether so many log in from this address that another one would be refused. */
  isBusy(address: string): boolean;
  /** The Set-Cookie header with which a browser forgets that anybody has logged in to it. */
  forgetDevice: string;
  /** All that better-auth could answer, most of which we refuse; `options.body` is a zod schema. */
  endpoints(): readonly { path?: string; options?: object }[];
  /**
   * Whether this is the user's password. Wrong ones are counted.
   * @throws `too_many_attempts`
   */
  isPassword(userId: string, password: string): Promise<boolean>;
  /**
   * Whether a guess at a factor of the user is right, by a check that is not made after too many wrong ones.
   * @throws `too_many_attempts`
   */
  guessFactor(userId: string, check: () => Promise<boolean>): Promise<boolean>;
  /** The factors that the log-in in this browser may go on with; null where none waits for its second step. */
  findPendingLogIn(cookies: string | undefined): Promise<FactorMethods | null>;
  /** As the throttle's own, which counts mail with log-ins over all nodes. */
  mayMail: LogInThrottle["mayMail"];
  requireMailRequest: LogInThrottle["requireMailRequest"];
  /** What is kept of a password, and tells nothing of it. */
  hashPassword(password: string): Promise<string>;
  /** Makes a user whose email counts as confirmed, without mail. One who has the email stays as they are. */
  createUser(user: { name: string; email: string; password: string; plan?: string }): Promise<void>;
}

/** better-auth over our own tables; its defaults would clash with bank `accounts`. */
export function createAuth(
  config: Config,
  db: Kysely<Database>,
  {
    throttle,
    devices,
    passwords,
    pending,
    vault,
    clock,
  }: {
    throttle: LogInThrottle;
    devices: KnownDevices;
    passwords: Passwords;
    pending: PendingLogIns;
    vault: Vault;
    clock: Clock;
  },
  limits: Pick<TimeLimits, "session" | "callTurn" | "passkeyChallenge" | "refusal">,
  log: Log,
): Auth {
  const timestamps = { createdAt: "created_at", updatedAt: "updated_at" };
  const auth = betterAuth({
    appName: "Fiscility",
    baseURL: config.appUrl,
    basePath,
    secret: config.sessionSecret.reveal(),
    trustedOrigins: [config.appUrl],
    telemetry: { enabled: false },
    logger: {
      log: (level, message) =>
        log[level === "error" ? "error" : "debug"]({ event: "auth" }, message),
    },
    database: { db, type: "postgres" },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      password: {
        hash: (password) => passwords.hash(password),
        verify: (given) => passwords.verify(given),
      },
      // With it an email that is taken is answered as one that is free.
      autoSignIn: false,
    },
    plugins: [secondStepPlugin({ db, vault, clock, config, limits, pending })],
    hooks: {
      before: createAuthMiddleware(async ({ body }) => {
        // Whatever sets one: sign-up has it in `password`, as has a log-in, which changes none.
        const chosen: unknown =
          body?.newPassword ?? (body?.name === undefined ? null : body?.password);
        const guessed = typeof chosen === "string" ? whyGuessed(chosen) : null;
        if (guessed) throw new APIError("BAD_REQUEST", guessed);
      }),
      after: createAfterLogIn(db, { passwords, devices, pending }, log),
    },
    user: {
      modelName: "users",
      fields: { ...timestamps, emailVerified: "email_verified" },
      additionalFields: {
        plan: { type: "string", input: false, required: false, defaultValue: "intern" },
        dataVersion: {
          type: "number",
          input: false,
          required: false,
          defaultValue: 0,
          fieldName: "data_version",
        },
        deletedAt: { type: "date", input: false, required: false, fieldName: "deleted_at" },
        disabledAt: { type: "date", input: false, required: false, fieldName: "disabled_at" },
        claimedEmail: {
          type: "string",
          input: false,
          required: false,
          returned: false,
          fieldName: "claimed_email",
        },
      },
    },
    session: {
      modelName: "sessions",
      fields: {
        ...timestamps,
        userId: "user_id",
        expiresAt: "expires_at",
        ipAddress: "ip_address",
        userAgent: "user_agent",
      },
    },
    account: {
      modelName: "credentials",
      fields: {
        ...timestamps,
        userId: "user_id",
        accountId: "account_id",
        providerId: "provider_id",
        accessToken: "access_token",
        refreshToken: "refresh_token",
        idToken: "id_token",
        accessTokenExpiresAt: "access_token_expires_at",
        refreshTokenExpiresAt: "refresh_token_expires_at",
      },
    },
    verification: {
      modelName: "verifications",
      fields: { ...timestamps, expiresAt: "expires_at" },
    },
    advanced: {
      cookiePrefix: "fiscility",
      useSecureCookies: config.production,
      // `refuseForeignOrigin` refuses other sites' requests. better-auth's own check also refuses scripts: the
      // `fetch` of Node sends Sec-Fetch-Mode and no Origin. (It is off in tests, whatever is set here.)
      disableCSRFCheck: true,
      // Whole, for whose own list it is.
      ipAddress: { ipv6Subnet: 128 },
      database: { generateId: "uuid", joins: true },
    },
    // Errors that are not better-auth's own become our reasons at the edge.
    onAPIError: { throw: true },
    // Ours counts over all nodes and shuts nobody out of their own account.
    rateLimit: { enabled: false },
  });

  const sessionReads = new SharedReads<Awaited<ReturnType<typeof findSession>>>();
  const logIns = new Gate({
    inside: { all: Number.POSITIVE_INFINITY, each: 2 },
    waiting: { all: Number.POSITIVE_INFINITY, each: waitingLogIns },
    turn: limits.callTurn,
    refusal: logInBusy,
  });
  // Few at a time of one address: a burst would hold up everybody else's requests.
  const handle = async (request: Request) => {
    const network = networkOf(request.headers.get("x-forwarded-for") ?? "");
    const response = await logIns.run(network, async () => {
      const read = await readAuthRequest(request);
      // Whose codes are counted is told by the log-in's own cookie, and by nothing that was sent beside it.
      const half =
        read.path === "/second-step" ? await pending.find(request.headers.get("cookie")) : null;
      return throttle.handle(read, answer, half?.userId);
    });
    if (response.status === 429) await pause(limits.refusal);
    return response;
  };
  /** A request that the throttle has let through. Sign-ups are our own: better-auth's say who has an account. */
  async function answer({ path, body, request }: AuthRequest): Promise<Response> {
    if (path === "/sign-up/email") {
      const needs = { db, passwords, claims: config.requiresVerifiedEmail };
      return signUp(needs, body, (email) => throttle.mayMail(email));
    }
    if (path === "/sign-in/email") {
      return config.requiresVerifiedEmail
        ? logInAsClaimant(db, auth.handler, { body, request })
        : auth.handler(request);
    }
    if (path === "/sign-out") {
      const token = await tokenOf(request.headers.get("cookie"));
      const origin = {
        address: shortAddress(request.headers.get("x-forwarded-for")),
        userAgent: request.headers.get("user-agent"),
      };
      if (token !== null) await recordLogOut(db, token, origin);
    }
    return auth.handler(request);
  }
  /** The session token in these cookies, where its signature is ours. */
  async function tokenOf(cookies: string | null | undefined): Promise<string | null> {
    const { secret, authCookies } = await auth.$context;
    const cookie = parseCookies(cookies ?? "").get(authCookies.sessionToken.name);
    return cookie === undefined ? null : readSigned(cookie, secret);
  }
  return {
    handler: toNodeHandler(handle) as RequestHandler,
    handle,
    isBusy: (address) => logIns.isFull(networkOf(address)),
    forgetDevice: devices.forget,
    endpoints: () => Object.values(auth.api),
    async authenticate(headers, setCookie) {
      // What nearly every request comes to: a session in its first day, read with its person at once.
      const { sessionConfig } = await auth.$context;
      const token = await tokenOf(headers.cookie);
      const found =
        token === null ? null : await sessionReads.read(token, () => findSession(db, token));
      if (found) {
        const { sessionId, createdAt, expiresAt, ...user } = found;
        const left = (expiresAt.getTime() - Date.now()) / 1000;
        const notDue = left > Math.max(0, sessionConfig.expiresIn - sessionConfig.updateAge);
        if (notDue) return { user, sessionId };
        const over = Date.now() - createdAt.getTime() > limits.session;
        if (over) await deleteSession(db, user.id, sessionId);
      }
      // Everything else is better-auth's to judge: what is due is prolonged, what is over cleared away.
      const { response: session, headers: answer } = await auth.api.getSession({
        headers: fromNodeHeaders(headers),
        returnHeaders: true,
      });
      const lines = answer.getSetCookie();
      if (lines.length > 0) setCookie(lines);
      // A log-in under way while the person was deleted may have made a session all the same.
      if (!session || session.user.deletedAt) return null;
      const current = await findSession(db, session.session.token);
      if (!current) return null;
      const { sessionId, createdAt: _createdAt, expiresAt: _expiresAt, ...user } = current;
      return { user, sessionId };
    },
    mayMail: (email) => throttle.mayMail(email),
    requireMailRequest: (address) => throttle.requireMailRequest(address),
    isPassword: (userId, password) =>
      throttle.guess(userId, "password", async () => {
        const { internalAdapter, password: passwords } = await auth.$context;
        const hash = (await internalAdapter.findCredentialAccount(userId))?.password;
        return hash ? passwords.verify({ hash, password }) : false;
      }),
    guessFactor: (userId, check) => throttle.guess(userId, "factor", check),
    async findPendingLogIn(cookies) {
      const found = await pending.find(cookies ?? null);
      return found && findFactorMethods(db, found.userId);
    },
    async hashPassword(password) {
      return (await auth.$context).password.hash(password);
    },
    async createUser({ name, email, password, plan }) {
      const passwordHash = await passwords.hash(password);
      const user = { name, email: email.toLowerCase(), passwordHash };
      await insertUser(db, { ...user, claimed: false, verified: true, plan });
    },
  };
}
