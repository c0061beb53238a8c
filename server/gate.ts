export interface GateLimits {
  /** Calls that run at once: of all users, and of one. */
  inside: { all: number; each: number };
  /** Calls that wait at once: of all users, and of one. */
  waiting: { all: number; each: number };
  /** The longest wait before a call is refused. Milliseconds. */
  waitMs: number;
  /** Creates the error of a refused call. `own`: the user has reached their own limit. */
  refusal: (own: boolean) => Error;
}

interface Waiting {
  userId: string;
  enter(): void;
}

/**
 * Limits how many calls run at once in this process, for all users and for each. First come, first served,
 * except that calls of a user at their own limit let others pass.
 */
export class Gate {
  readonly #limits: GateLimits;
  readonly #inside = new Map<string, number>();
  #all = 0;
  readonly #waiting: Waiting[] = [];
  readonly #waitingOf = new Map<string, number>();

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `work` once there is room for it.
   *
   * @throws `limits.refusal` when too many calls wait or the wait is too long; and the error of `work`
   */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    if (this.#hasRoom(userId)) this.#take(userId);
    else await this.#wait(userId);
    try {
      return await work();
    } finally {
      this.#leave(userId);
    }
  }

  /**
   * Waits for room and occupies it until `leave` is called, once. `waited`: there was none at first. Throws
   * like `run`.
   */
  async enter(userId: string): Promise<{ leave: () => void; waited: boolean }> {
    const waited = !this.#hasRoom(userId);
    if (waited) await this.#wait(userId);
    else this.#take(userId);
    return { leave: () => this.#leave(userId), waited };
  }

  /** Whether `enter` would refuse the user now. */
  isFull(userId: string): boolean {
    const { waiting } = this.#limits;
    const own = this.#waitingOf.get(userId) ?? 0;
    return !this.#hasRoom(userId) && (this.#waiting.length >= waiting.all || own >= waiting.each);
  }

  #hasRoom(userId: string): boolean {
    const { all, each } = this.#limits.inside;
    return this.#all < all && (this.#inside.get(userId) ?? 0) < each;
  }

  #take(userId: string): void {
    this.#all++;
    add(this.#inside, userId, 1);
  }

  #wait(userId: string): Promise<void> {
    const { waiting, waitMs: timeoutMs } = this.#limits;
    const own = this.#waitingOf.get(userId) ?? 0;
    if (this.#waiting.length >= waiting.all || own >= waiting.each) throw this.#refusal(userId);
    add(this.#waitingOf, userId, 1);
    return new Promise((resolve, reject) => {
      const one = {
        userId,
        enter() {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#stopWaiting(this.#waiting.indexOf(one));
        reject(this.#refusal(userId));
      }, timeoutMs);
      this.#waiting.push(one);
    });
  }

  #refusal(userId: string): Error {
    const { inside, refusal } = this.#limits;
    return refusal((this.#inside.get(userId) ?? 0) >= inside.each);
  }

  #leave(userId: string): void {
    this.#all--;
    add(this.#inside, userId, -1);
    const next = this.#waiting.findIndex((one) => this.#hasRoom(one.userId));
    if (next >= 0) {
      const one = this.#stopWaiting(next);
      this.#take(one.userId);
      one.enter();
    }
  }

  #stopWaiting(index: number): Waiting {
    const [one] = this.#waiting.splice(index, 1) as [Waiting];
    add(this.#waitingOf, one.userId, -1);
    return one;
  }
}

function add(counts: Map<string, number>, userId: string, by: number): void {
  const count = (counts.get(userId) ?? 0) + by;
  if (count === 0) counts.delete(userId);
  else counts.set(userId, count);
}
