import { createHash } from "node:crypto";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import { FiscilityError, type Reason } from "../contracts/errors.ts";
import { createLimiter } from "../rate-limits/limiter.ts";
import { networkOf } from "../rate-limits/network-of.ts";
import type { Log } from "../telemetry/log.ts";
import type { AuthRequest } from "./auth-request.ts";
import type { KnownDevices } from "./known-devices.ts";

/** The attempts allowed in each window of `duration` seconds, and which of them count. */
const limits = {
  /** To one account from one address. */
  pair: { points: 10, duration: 15 * 60, counts: "failures" },
  /** To one account from a browser that has logged in to it before, from any address. */
  device: { points: 10, duration: 15 * 60, counts: "failures" },
  /** To any account from one address, which many users may share. */
  address: { points: 100, duration: 15 * 60, counts: "failures" },
  /** To one account from everywhere except known browsers. */
  account: { points: 100, duration: 60 * 60, counts: "failures" },
  /** At a user's current password, from one of their sessions. */
  password: { points: 10, duration: 15 * 60, counts: "failures" },
  /** Codes and passkeys of one user, at a log-in and in a session. */
  factor: { points: 10, duration: 15 * 60, counts: "failures" },
  /** The same over a day: a code has six digits, and three codes are valid at any time. */
  factorDay: { points: 50, duration: 24 * 60 * 60, counts: "failures" },
  /** Passkey challenges that one address requests: each is a row. */
  passkeyOptions: { points: 300, duration: 15 * 60, counts: "all" },
  /** Log-ins to one account, or proofs by its password in a session. Each costs as much as a guess. */
  accountLogIns: { points: 60, duration: 15 * 60, counts: "successes" },
  /** Log-ins from one address, except from known browsers. */
  addressLogIns: { points: 60, duration: 15 * 60, counts: "successes" },
  /** To one email address, by sign-ups, resets and confirmations together. */
  mailTo: { points: 5, duration: 60 * 60, counts: "all" },
  /** Requests for mail from one address. */
  mailRequest: { points: 30, duration: 60 * 60, counts: "all" },
  /** Sign-ups from one address. */
  signUp: { points: 20, duration: 60 * 60, counts: "all" },
} as const;

type LimitName = keyof typeof limits;

/** Reasons of attempts that ended before anything was compared. */
const untried: ReadonlySet<Reason> = new Set(["log_in_busy", "step_up_required"]);

/** Nothing is taken back so shortly before a window ends: longer than a command of Redis takes. Milliseconds. */
const endOfWindow = 1_000;

/** A limit, and the key that it counts for. */
type CountedLimit = [LimitName, string];

/**
 * Limits guesses of passwords, and successful log-ins, by account and by address, over all nodes. A browser
 * that has logged in before is counted separately, so that strangers' guesses do not lock out its user.
 */
export class LogInThrottle {
  readonly #count: Record<LimitName, ReturnType<typeof createLimiter>>;
  readonly #devices: KnownDevices;
  readonly #production: boolean;
  readonly #log: Log;

  constructor(
    redis: RedisAdapter | null,
    devices: KnownDevices,
    { production }: { production: boolean },
    log: Log,
  ) {
    const limiter = (name: LimitName) => {
      const { points, duration } = limits[name];
      return createLimiter(redis, { points, duration, keyPrefix: `fiscility:log-in:${name}` });
    };
    this.#count = {
      pair: limiter("pair"),
      device: limiter("device"),
      address: limiter("address"),
      account: limiter("account"),
      password: limiter("password"),
      factor: limiter("factor"),
      factorDay: limiter("factorDay"),
      passkeyOptions: limiter("passkeyOptions"),
      accountLogIns: limiter("accountLogIns"),
      addressLogIns: limiter("addressLogIns"),
      signUp: limiter("signUp"),
      mailTo: limiter("mailTo"),
      mailRequest: limiter("mailRequest"),
    };
    this.#devices = devices;
    this.#production = production;
    this.#log = log;
  }

  /**
   * Passes a request to `next`, or returns 429 with `Retry-After`. The address is in `x-forwarded-for`, which
   * the caller sets. `userId` is the user whose log-in waits for its second step.
   */
  async handle(
    authRequest: AuthRequest,
    next: (request: AuthRequest) => Promise<Response>,
    userId?: string | undefined,
  ): Promise<Response> {
    const { path, body, request } = authRequest;
    const attempt = () => next(authRequest);
    const address = networkOf(request.headers.get("x-forwarded-for") ?? "");
    switch (path) {
      case "/sign-in/email":
        return this.#logIn(body.email.toLowerCase(), address, request.headers, attempt);
      case "/second-step": {
        const counted: CountedLimit[] = [["address", address]];
        if (userId) counted.push(["factor", userId], ["factorDay", userId]);
        return this.#counted(counted, attempt);
      }
      case "/passkey/options":
        return this.#counted([["passkeyOptions", address]], attempt);
      case "/passkey/log-in": {
        const counted: CountedLimit[] = [
          ["addressLogIns", address],
          ["address", address],
        ];
        return this.#counted(counted, attempt);
      }
      case "/sign-up/email":
        return this.#production ? this.#counted([["signUp", address]], attempt) : attempt();
      case "/sign-out":
        return attempt();
    }
  }

  async #logIn(
    email: string,
    address: string,
    requestHeaders: Headers,
    attempt: () => Promise<Response>,
  ): Promise<Response> {
    const account = createHash("sha256").update(email).digest("base64url");
    const device = await this.#devices.find(requestHeaders.get("cookie"), email);
    const counted: CountedLimit[] = device
      ? [
          ["accountLogIns", account],
          ["device", `${account} ${device.token}`],
        ]
      : [
          // First, so that an address which is refused adds no key for each account that it names.
          ["address", address],
          ["accountLogIns", account],
          ["addressLogIns", address],
          ["pair", `${account} ${address}`],
          ["account", account],
        ];
    return this.#counted(counted, attempt);
  }

  /** Like `#take`, for a request: a refused one gets a 429. */
  #counted(counted: readonly CountedLimit[], attempt: () => Promise<Response>): Promise<Response> {
    return this.#take(counted, {
      attempt,
      isRight: ({ ok }) => ok,
      refuse: (retryAfterSeconds) =>
        Response.json(
          { code: "TOO_MANY_TRIES", message: tooManyTries(retryAfterSeconds), retryAfterSeconds },
          { status: 429, headers: { "retry-after": String(retryAfterSeconds) } },
        ),
    });
  }

  /**
   * Makes an attempt unless one of the `counted` limits is used up. Each is counted before the attempt, so that parallel
   * attempts cannot exceed a limit, and taken back if the result does not count. A refused attempt counts nowhere.
   */
  async #take<T>(
    counted: readonly CountedLimit[],
    {
      attempt,
      isRight,
      refuse,
    }: {
      attempt: () => Promise<T>;
      isRight: (result: T) => boolean;
      refuse: (retryAfterSeconds: number) => T;
    },
  ): Promise<T> {
    const taken: { limit: LimitName; key: string; endsAt: number }[] = [];
    const takeBack = (counts?: "failures" | "successes") =>
      Promise.all(
        taken
          .filter(({ limit }) => counts === undefined || limits[limit].counts === counts)
          // A count that has ended would begin the next window below zero.
          .filter(({ endsAt }) => endsAt - performance.now() > endOfWindow)
          .map(({ limit, key }) => this.#count[limit](key, -1)),
      );
    // One after the other, so that an attempt which one limit refuses adds no key to a later one.
    for (const [limit, key] of counted) {
      const { allowed, resetMs } = await this.#count[limit](key);
      taken.push({ limit, key, endsAt: performance.now() + resetMs });
      if (!allowed) {
        await takeBack();
        this.#log.warn({ event: "log_in_throttled", limit }, "Too many tries");
        return refuse(Math.ceil(resetMs / 1000));
      }
    }
    let result: T;
    try {
      result = await attempt();
    } catch (error) {
      await takeBack("successes");
      // Nothing was compared.
      const isUntried = error instanceof FiscilityError && untried.has(error.reason);
      if (isUntried) await takeBack("failures");
      throw error;
    }
    await takeBack(isRight(result) ? "failures" : "successes");
    return result;
  }

  /**
   * Whether a guess at the user's password or factor is right. `check` does not run after too many guesses.
   *
   * @throws FiscilityError `too_many_attempts`
   */
  guess(
    userId: string,
    what: "password" | "factor",
    check: () => Promise<boolean>,
  ): Promise<boolean> {
    const limitsOf = {
      password: ["accountLogIns", "password"],
      factor: ["factor", "factorDay"],
    } as const;
    return this.#take<boolean>(
      limitsOf[what].map((limit) => [limit, userId]),
      {
        attempt: check,
        isRight: (right) => right,
        refuse: (retryAfterSeconds) => {
          throw new FiscilityError("too_many_attempts", { details: { retryAfterSeconds } });
        },
      },
    );
  }

  /**
   * Counts a mail to this address, and returns whether it may be sent. So nobody can flood another user's
   * mailbox.
   */
  async mayMail(email: string): Promise<boolean> {
    const key = createHash("sha256").update(email).digest("base64url");
    const { allowed } = await this.#count.mailTo(key);
    if (!allowed) this.#log.warn({ event: "mail_throttled", limit: "mailTo" }, "Too many mails");
    return allowed;
  }

  /** Counts a request for a mail from this network address. @throws FiscilityError `too_many_attempts` */
  async requireMailRequest(address: string): Promise<void> {
    const { allowed, resetMs } = await this.#count.mailRequest(networkOf(address));
    if (allowed) return;
    this.#log.warn({ event: "mail_throttled", limit: "mailRequest" }, "Too many requests");
    const retryAfterSeconds = Math.ceil(resetMs / 1000);
    throw new FiscilityError("too_many_attempts", { details: { retryAfterSeconds } });
  }
}

/** The message that the user reads. */
export function tooManyTries(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const wait = minutes > 1 ? `${minutes} minutes` : "a minute";
  return `There were too many tries. Nothing was changed. Wait ${wait}, then try again.`;
}
