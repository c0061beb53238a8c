import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { parseCookies } from "better-auth/cookies";
import ipaddr from "ipaddr.js";
import { createLimiter } from "../cache/limiter.ts";
import type { RedisDoor } from "../cache/redis-door.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Secret } from "../vault/secret.ts";

/** Failed tries that are let through in each window, in seconds; and sign-ups, failed or not. */
const limits = {
  /** Of one account from one address. */
  pair: { points: 10, duration: 15 * 60 },
  /** Of one account from a browser that has logged in to it before, wherever it is. */
  device: { points: 10, duration: 15 * 60 },
  /** Of any accounts from one address: many people may share it. */
  address: { points: 100, duration: 15 * 60 },
  /** Of one account from everywhere but known browsers. */
  account: { points: 100, duration: 60 * 60 },
  /** At the current password of one person, by whoever has a session of theirs. */
  password: { points: 10, duration: 15 * 60 },
  /** From one address. */
  signUp: { points: 20, duration: 60 * 60 },
} as const;

/** A limit, and whose it is. */
type Turn = [keyof typeof limits, string];

const cookieAge = 365 * 24 * 60 * 60;

/**
 * Slows down who guesses passwords, by account and by address, over all nodes, and leaves the person
 * themself alone: a browser that has logged in keeps a cookie that says so, and is counted for
 * itself, so that no stranger's tries shut it out.
 * https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
export class LogInThrottle {
  readonly #count: Record<keyof typeof limits, ReturnType<typeof createLimiter>>;
  readonly #secret: Secret;
  readonly #production: boolean;
  readonly #cookieName: string;
  readonly #log: Log;

  constructor(
    redis: RedisDoor | null,
    config: { sessionSecret: Secret; production: boolean },
    log: Log,
  ) {
    const limiter = (name: keyof typeof limits) =>
      createLimiter(redis, { ...limits[name], keyPrefix: `fiscility:log-in:${name}` });
    this.#count = {
      pair: limiter("pair"),
      device: limiter("device"),
      address: limiter("address"),
      account: limiter("account"),
      password: limiter("password"),
      signUp: limiter("signUp"),
    };
    this.#secret = config.sessionSecret;
    this.#production = config.production;
    this.#cookieName = `${config.production ? "__Host-" : ""}fiscility.device`;
    this.#log = log;
  }

  /**
   * Lets a request of `/api/auth` through to `next`, or answers 429 with `Retry-After`. The address
   * is the one in `x-forwarded-for`, which whoever calls this has set; `userId` is who is logged in.
   */
  async handle(
    request: Request,
    next: (request: Request) => Promise<Response>,
    userId?: string | undefined,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    const address = network(request.headers.get("x-forwarded-for") ?? "");
    if (pathname.endsWith("/sign-up/email") && this.#production) {
      const { allowed, resetMs } = await this.#count.signUp(address);
      return allowed ? next(request) : this.#refuse("signUp", resetMs);
    }
    if (pathname.endsWith("/change-password") && userId) {
      return this.#counted([["password", userId]], () => next(request));
    }
    if (!pathname.endsWith("/sign-in/email")) return next(request);
    const body: unknown = await request
      .clone()
      .json()
      .catch(() => null);
    const given = typeof body === "object" && body !== null && "email" in body ? body.email : null;
    if (typeof given !== "string") return next(request);

    const email = given.toLowerCase();
    const account = createHash("sha256").update(email).digest("base64url");
    const device = this.#knownDevice(request.headers.get("cookie"), email);
    const turns: Turn[] = device
      ? [["device", device]]
      : [
          ["pair", `${account} ${address}`],
          ["address", address],
          ["account", account],
        ];
    const response = await this.#counted(turns, () => next(request));
    if (!response.ok) return response;
    const headers = new Headers(response.headers);
    const nonce = device ?? randomBytes(16).toString("base64url");
    headers.append("set-cookie", this.#cookie(`${nonce}.${this.#sign(nonce, email)}`, cookieAge));
    return new Response(response.body, { status: response.status, headers });
  }

  /** What is tried, unless one of `turns` is used up; only what fails is counted. */
  async #counted(turns: readonly Turn[], attempt: () => Promise<Response>): Promise<Response> {
    // One after the other: who is held back by the first counts against nobody else.
    for (const [limit, key] of turns) {
      const { allowed, resetMs } = await this.#count[limit](key);
      if (!allowed) return this.#refuse(limit, resetMs);
    }
    const response = await attempt();
    if (response.ok) await Promise.all(turns.map(([limit, key]) => this.#count[limit](key, -1)));
    return response;
  }

  /**
   * Whether a guess at the user's password is right, by a check that is not made once there were too many.
   * Wrong ones alone are counted. @throws `too_many_attempts`
   */
  async guess(userId: string, check: () => Promise<boolean>): Promise<boolean> {
    const { allowed, resetMs } = await this.#count.password(userId);
    if (!allowed) {
      this.#log.warn({ event: "log_in_throttled", limit: "password" }, "Too many tries");
      const retryAfterSeconds = Math.ceil(resetMs / 1000);
      throw new FiscilityError("too_many_attempts", { details: { retryAfterSeconds } });
    }
    let wrong = false;
    try {
      wrong = !(await check());
      return !wrong;
    } finally {
      if (!wrong) await this.#count.password(userId, -1);
    }
  }

  /** The Set-Cookie header with which a browser forgets that anybody has logged in to it. */
  get forgetDevice(): string {
    return this.#cookie("", 0);
  }

  #cookie(value: string, maxAge: number): string {
    const secure = this.#production ? "; Secure" : "";
    return `${this.#cookieName}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }

  #refuse(limit: keyof typeof limits, resetMs: number): Response {
    this.#log.warn({ event: "log_in_throttled", limit }, "Too many tries");
    const retryAfterSeconds = Math.ceil(resetMs / 1000);
    return Response.json(
      { code: "TOO_MANY_TRIES", message: tooManyTries(retryAfterSeconds), retryAfterSeconds },
      { status: 429, headers: { "retry-after": String(retryAfterSeconds) } },
    );
  }

  /** The browser that has logged in to this account before, by its cookie; null for any other. */
  #knownDevice(cookies: string | null, email: string): string | null {
    const [nonce = "", signature = ""] =
      parseCookies(cookies ?? "")
        .get(this.#cookieName)
        ?.split(".") ?? [];
    const given = Buffer.from(signature);
    const ours = Buffer.from(this.#sign(nonce, email));
    return given.length === ours.length && timingSafeEqual(given, ours) ? nonce : null;
  }

  #sign(nonce: string, email: string): string {
    return createHmac("sha256", this.#secret.reveal())
      .update(JSON.stringify(["device", nonce, email]))
      .digest("base64url");
  }
}

/** What a person reads. */
export function tooManyTries(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const wait = minutes > 1 ? `${minutes} minutes` : "a minute";
  return `There were too many tries. Nothing was changed. Wait ${wait}, then try again.`;
}

/** One subscriber's addresses: of IPv6 each has at least a /64. */
export function network(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
