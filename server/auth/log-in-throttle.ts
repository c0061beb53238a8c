import { createHash } from "node:crypto";
import type { RedisAdapter } from "../cache/redis-adapter.ts";
import { FiscilityError, type Reason } from "../contracts/errors.ts";
import { createLimiter } from "../rate-limits/limiter.ts";
import { networkOf } from "../rate-limits/network-of.ts";
import type { Log } from "../telemetry/log.ts";
import type { AuthRequest } from "./auth-request.ts";
import type { KnownDevices } from "./known-devices.ts";

/** Tries in each window of `duration` seconds, and which of them count. */
const limits = {
  /** Of one account from one address. */
  pair: { points: 10, duration: 15 * 60, counts: "failures" },
  /** Of one account from a browser that has logged in to it before, wherever it is. */
  device: { points: 10, duration: 15 * 60, counts: "failures" },
  /** Of any accounts from one address: many people may share it. */
  address: { points: 100, duration: 15 * 60, counts: "failures" },
  /** Of one account from everywhere but known browsers. */
  account: { points: 100, duration: 60 * 60, counts: "failures" },
  /** At the current password of one user, by whoever has a session of theirs. */
  password: { points: 10, duration: 15 * 60, counts: "failures" },
  /** Codes and passkeys of one user, at a log-in and in a session. */
  factor: { points: 10, duration: 15 * 60, counts: "failures" },
  /** The same over a day: a code has six digits, and three of them are right at any time. */
  factorDay: { points: 50, duration: 24 * 60 * 60, counts: "failures" },
  /** Challenges for passkeys that one address asks for: each is a row. */
  passkeyOptions: { points: 300, duration: 15 * 60, counts: "all" },
  /** Log-ins to one account, or proofs by its password in a session: each costs as much as a guess. */
  accountLogIns: { points: 60, duration: 15 * 60, counts: "successes" },
  /** Log-ins from one address, but for known browsers. */
  addressLogIns: { points: 60, duration: 15 * 60, counts: "successes" },
  /** To one email address, by sign-ups, resets and confirmations together. */
  mailTo: { points: 5, duration: 60 * 60, counts: "all" },
  /** Asked for from one address. */
  mailRequest: { points: 30, duration: 60 * 60, counts: "all" },
  /** From one address. */
  signUp: { points: 20, duration: 60 * 60, counts: "all" },
} as const;

type LimitName = keyof typeof limits;

/** With these an attempt ends before anything was compared. */
const untried: ReadonlySet<Reason> = new Set(["log_in_busy", "step_up_required"]);

/** A limit, and whose it is. */
type Turn = [LimitName, string];

/**
 * Slows down guessing passwords, and log-ins that succeed, by account and by address, over all nodes. A
 * browser that has logged in before is counted for itself, so that strangers' guesses do not shut
 * its user out.
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
   * Lets a request through to `next`, or answers 429 with `Retry-After`. The address is the one in
   * `x-forwarded-for`, which the caller has set; `userId` is the user whose log-in waits for its second step.
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
        const turns: Turn[] = [["address", address]];
        if (userId) turns.push(["factor", userId], ["factorDay", userId]);
        return this.#counted(turns, attempt);
      }
      case "/passkey/options":
        return this.#counted([["passkeyOptions", address]], attempt);
      case "/passkey/log-in": {
        const turns: Turn[] = [
          ["addressLogIns", address],
          ["address", address],
        ];
        return this.#counted(turns, attempt);
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
    const turns: Turn[] = device
      ? [
          ["accountLogIns", account],
          ["device", `${account} ${device.token}`],
        ]
      : [
          ["accountLogIns", account],
          ["addressLogIns", address],
          ["pair", `${account} ${address}`],
          ["address", address],
          ["account", account],
        ];
    return this.#counted(turns, attempt);
  }

  /** As `#take`, for a request: one that was refused is answered 429. */
  #counted(turns: readonly Turn[], attempt: () => Promise<Response>): Promise<Response> {
    return this.#take(turns, {
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
   * Makes an attempt unless one of `turns` is used up. Each is counted before, so that attempts at
   * once do not get around a limit, and taken back when it turns out not to be one that counts.
   */
  async #take<T>(
    turns: readonly Turn[],
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
    const taken: Turn[] = [];
    const takeBack = (counts: "failures" | "successes") =>
      Promise.all(
        taken
          .filter(([limit]) => limits[limit].counts === counts)
          .map(([limit, key]) => this.#count[limit](key, -1)),
      );
    // One after the other: an attempt that one limit refuses counts against nobody else.
    for (const turn of turns) {
      const [limit, key] = turn;
      const { allowed, resetMs } = await this.#count[limit](key);
      if (!allowed) {
        await takeBack("successes");
        this.#log.warn({ event: "log_in_throttled", limit }, "Too many tries");
        return refuse(Math.ceil(resetMs / 1000));
      }
      taken.push(turn);
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
   * Whether a guess at the user's password or factor is right, by a check that is not made once there were too
   * many. @throws `too_many_attempts`
   */
  guess(
    userId: string,
    what: "password" | "factor",
    check: () => Promise<boolean>,
  ): Promise<boolean> {
    const turns = {
      password: ["accountLogIns", "password"],
      factor: ["factor", "factorDay"],
    } as const;
    return this.#take<boolean>(
      turns[what].map((limit) => [limit, userId]),
      {
        attempt: check,
        isRight: (right) => right,
        refuse: (retryAfterSeconds) => {
          throw new FiscilityError("too_many_attempts", { details: { retryAfterSeconds } });
        },
      },
    );
  }

  /** Whether another mail may go to this address now; counts it. Nobody can fill another's mailbox. */
  async mayMail(email: string): Promise<boolean> {
    const key = createHash("sha256").update(email).digest("base64url");
    const { allowed } = await this.#count.mailTo(key);
    if (!allowed) this.#log.warn({ event: "mail_throttled", limit: "mailTo" }, "Too many mails");
    return allowed;
  }

  /** Counts a request for a mail from this network address. @throws `too_many_attempts` */
  async requireMailRequest(address: string): Promise<void> {
    const { allowed, resetMs } = await this.#count.mailRequest(networkOf(address));
    if (allowed) return;
    this.#log.warn({ event: "mail_throttled", limit: "mailRequest" }, "Too many requests");
    const retryAfterSeconds = Math.ceil(resetMs / 1000);
    throw new FiscilityError("too_many_attempts", { details: { retryAfterSeconds } });
  }
}

/** What a person reads. */
export function tooManyTries(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const wait = minutes > 1 ? `${minutes} minutes` : "a minute";
  return `There were too many tries. Nothing was changed. Wait ${wait}, then try again.`;
}
