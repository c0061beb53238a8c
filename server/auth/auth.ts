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
 * The adapter for better-auth: sessions, log-in, sign-up, log-out. Sessions are rows in PostgreSQL behind an
 * httpOnly, SameSite=Lax cookie, Secure in production.
 */
export interface Auth {
  /** Handles everything below `/api/auth`, for scripts: `POST /api/auth/sign-in/email`, … */
  handler: RequestHandler;
  /**
   * Handles one request to `/api/auth/*` in-process, with all checks of a real one.
   *
   * @throws FiscilityError the reasons of `readAuthRequest`, `log_in_busy`, and those of an unavailable
   *   database
   */
  handle(request: Request): Promise<Response>;
  /**
   * Returns the user of these headers, with their plan, data version and session, or null. `setCookie` is
   * called when the browser must replace its cookie, because its session was extended or has ended.
   */
  authenticate(
    headers: IncomingHttpHeaders,
    setCookie: (lines: string[]) => void,
  ): Promise<{ user: User; sessionId: string } | null>;
  /** Whether so many log-ins from this address are running that another one would be refused. */
  isBusy(address: string): boolean;
  /** The Set-Cookie header that removes the browser's device cookie. */
  clearDeviceCookie: string;
  /** Every endpoint of better-auth, most of which we refuse. `options.body` is a zod schema. */
  endpoints(): readonly { path?: string; options?: object }[];
  /**
   * Whether this is the user's password. Wrong ones are counted.
   *
   * @throws FiscilityError `too_many_attempts`
   */
  isPassword(userId: string, password: string): Promise<boolean>;
  /**
   * Whether a guess at a factor of the user is right. `check` does not run after too many wrong ones.
   *
   * @throws FiscilityError `too_many_attempts`
   */
  guessFactor(userId: string, check: () => Promise<boolean>): Promise<boolean>;
  /** Returns the factors that can finish this browser's log-in; null when none waits for its second step. */
  findPendingLogIn(cookies: string | undefined): Promise<FactorMethods | null>;
  /** From the throttle, which counts mail and log-ins over all nodes. */
  mayMail: LogInThrottle["mayMail"];
  requireMailRequest: LogInThrottle["requireMailRequest"];
  /** Returns the hash of a password to store. */
  hashPassword(password: string): Promise<string>;
  /** Creates a user with a confirmed email, without mail. Does nothing when a user has that email. */
  createUser(user: { name: string; email: string; password: string; plan?: string }): Promise<void>;
}

/** better-auth on our own tables, because its default names would clash with the bank `accounts`. */
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
  limits: Pick<TimeLimits, "session" | "callWait" | "passkeyChallenge" | "refusal">,
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
      // With auto sign-in off, the response is the same for a taken email as for a free one.
      autoSignIn: false,
    },
    plugins: [secondStepPlugin({ db, vault, clock, config, limits, pending })],
    hooks: {
      before: createAuthMiddleware(async ({ body }) => {
        // Any request that sets a password. A sign-up has it in `password`; so does a log-in, which sets
        // none.
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
      // `refuseForeignOrigin` refuses other sites' requests. better-auth's own check also refuses scripts:
      // Node's `fetch` sends Sec-Fetch-Mode and no Origin. (It is always off in tests.)
      disableCSRFCheck: true,
      // Full IPv6 addresses: users see them in their own session list.
      ipAddress: { ipv6Subnet: 128 },
      database: { generateId: "uuid", joins: true },
    },
    // Errors that are not better-auth's own are mapped to our reasons at the edge.
    onAPIError: { throw: true },
    // Our own throttle counts over all nodes, and cannot lock users out of their account.
    rateLimit: { enabled: false },
  });

  const sessionReads = new SharedReads<Awaited<ReturnType<typeof findSession>>>();
  const logIns = new Gate({
    inside: { all: Number.POSITIVE_INFINITY, each: 2 },
    waiting: { all: Number.POSITIVE_INFINITY, each: waitingLogIns },
    waitMs: limits.callWait,
    refusal: logInBusy,
  });
  // Few at a time from one address, because a burst would delay everyone's requests.
  const handle = async (request: Request) => {
    const network = networkOf(request.headers.get("x-forwarded-for") ?? "");
    const response = await logIns.run(network, async () => {
      const read = await readAuthRequest(request);
      // The log-in's own cookie decides whose codes are counted; nothing else in the request does.
      const half =
        read.path === "/second-step" ? await pending.find(request.headers.get("cookie")) : null;
      return throttle.handle(read, handleRead, half?.userId);
    });
    if (response.status === 429) await pause(limits.refusal);
    return response;
  };
  /**
   * Handles a request that the throttle has passed. Sign-ups are our own, because better-auth's reveal who
   * has an account.
   */
  async function handleRead({ path, body, request }: AuthRequest): Promise<Response> {
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
  /** Returns the session token in these cookies if its signature is valid. */
  async function tokenOf(cookies: string | null | undefined): Promise<string | null> {
    const { secret, authCookies } = await auth.$context;
    const cookie = parseCookies(cookies ?? "").get(authCookies.sessionToken.name);
    return cookie === undefined ? null : readSigned(cookie, secret);
  }
  return {
    handler: toNodeHandler(handle) as RequestHandler,
    handle,
    isBusy: (address) => logIns.isFull(networkOf(address)),
    clearDeviceCookie: devices.clearCookieHeader,
    endpoints: () => Object.values(auth.api),
    async authenticate(headers, setCookie) {
      // The common case: a session in its first day, read together with its user.
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
      // better-auth handles everything else: it extends sessions that are due and deletes expired ones.
      const { response: session, headers: refreshed } = await auth.api.getSession({
        headers: fromNodeHeaders(headers),
        returnHeaders: true,
      });
      const lines = refreshed.getSetCookie();
      if (lines.length > 0) setCookie(lines);
      // A log-in that was running while the user was deleted may have created a session.
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
