import type { Db } from "../../db/client.ts";
import {
  type LiveNotice,
  type LivePosition,
  listen,
  readChanges,
  readStanding,
} from "../../db/live.ts";
import type { Clock } from "../clock.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { LiveChange } from "../contracts/live.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";

/** Who follows, and what their right to it stands on. */
export interface Follower {
  userId: string;
  by: "session" | "apiKey";
  /** Of that session or API key. */
  id: string;
  /** It may read transactions. */
  seesTransactions: boolean;
}

/** A change, and the position of a stream that has sent it. */
export type LiveNews = LivePosition & Pick<LiveChange, "changed">;

/** One open stream. */
interface Stream extends Follower {
  /** The newest data version known here; null until it was read. */
  newest: number | null;
  /** Why it is over. */
  end: Error | null;
  wake: () => void;
}

/** The node is going away: a stream that ends like this is opened again elsewhere, by itself. */
class NodeClosing extends Error {
  // tRPC ends the stream at this name without a word, and the client comes back.
  override readonly name = "AbortError";
}

/**
 * The changes of every user who follows them on this node, heard from PostgreSQL on one connection,
 * which is made for the first of them. A stream says no more than the newest data version, so one
 * that is read slowly or comes back late skips what is past, and nothing piles up.
 */
export class LiveChanges {
  readonly #db: Db;
  readonly #databaseUrl: string;
  readonly #log: Log;
  readonly #maxOfUser: number;
  readonly #limits: TimeLimits;
  readonly #clock: Clock;
  readonly #byUser = new Map<string, Set<Stream>>();
  readonly #byRight = new Map<string, Set<Stream>>();
  #stopListening: (() => Promise<void>) | null = null;
  #closing = false;

  /** `maxOfUser`: streams of one user here. */
  constructor(
    { db, log, limits, clock }: { db: Db; log: Log; limits: TimeLimits; clock: Clock },
    databaseUrl: string,
    maxOfUser: number,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#db = db;
    this.#databaseUrl = databaseUrl;
    this.#log = log;
    this.#maxOfUser = maxOfUser;
  }

  /**
   * The data version whenever it rises, and at once where it is not `since`. Ends when `signal` does.
   * Throws when the right to follow ends: `unauthenticated`, `api_key_revoked`, `api_key_expired`; and
   * `stream_replaced` when the user has opened too many newer ones.
   */
  async *follow(
    follower: Follower,
    since: LivePosition | null,
    signal: AbortSignal,
  ): AsyncGenerator<LiveNews, void> {
    const stream: Stream = { ...follower, newest: null, end: null, wake: () => {} };
    const wake = () => stream.wake();
    signal.addEventListener("abort", wake);
    this.#add(stream);
    try {
      // After it was added: what happens from here on is heard, what happened before is read.
      await this.#catchUp([stream]);
      let sent = since;
      while (!signal.aborted) {
        if (stream.end) throw stream.end;
        if (stream.newest !== null && stream.newest !== sent?.dataVersion) {
          const news = await this.#read(stream, sent, stream.newest);
          advance(stream, news.dataVersion);
          sent = news;
          yield news;
        } else {
          await new Promise<void>((resolve) => {
            stream.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#remove(stream);
    }
  }

  /** Without a list where the database is away: the change itself is known. */
  async #read(stream: Stream, sent: LivePosition | null, newest: number): Promise<LiveNews> {
    const { userId, seesTransactions: withTransactions } = stream;
    const read = await readChanges(this.#db, userId, sent, { withTransactions }).catch(
      (error: Error) => {
        this.#log.warn({ event: "live_unlisted", error: error.message }, "Changes not listed");
        return null;
      },
    );
    if (!read) return { dataVersion: newest, transactionsVersion: null, changed: null };
    return { ...read.now, changed: read.changed };
  }

  /** Streams open now. */
  get size(): number {
    return [...this.#all()].length;
  }

  /** Ends every stream and every one to come; clients go to another node, or wait for the next. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const stream of this.#all()) finish(stream, new NodeClosing());
    await this.#stopListening?.();
  }

  #add(stream: Stream): void {
    if (this.#closing) finish(stream, new NodeClosing());
    const ofUser = setOf(this.#byUser, stream.userId);
    ofUser.add(stream);
    this.#endOldest(ofUser);
    setOf(this.#byRight, stream.id).add(stream);
    if (!this.#closing) this.#stopListening ??= this.#listen();
  }

  /** A set keeps the order in which they came; one that has ended is in it until its client is told. */
  #endOldest(ofUser: Set<Stream>): void {
    if (ofUser.size <= this.#maxOfUser) return;
    const open = [...ofUser].filter(({ end }) => end === null);
    for (const stream of open.slice(0, Math.max(0, open.length - this.#maxOfUser))) {
      finish(stream, new FiscilityError("stream_replaced"));
    }
  }

  #remove(stream: Stream): void {
    removeFrom(this.#byUser, stream.userId, stream);
    removeFrom(this.#byRight, stream.id, stream);
  }

  #listen(): () => Promise<void> {
    // What was missed while nothing was heard, and rights that end by the clock.
    const check = () => {
      this.#catchUp([...this.#all()]).catch((error: Error) =>
        this.#log.warn({ event: "live_unchecked", error: error.message }, "Streams not checked"),
      );
    };
    const timer = setInterval(check, this.#limits.liveCheck).unref();
    const { close } = listen({
      url: this.#databaseUrl,
      connectTimeoutMs: this.#limits.databaseConnect,
      checkEveryMs: this.#limits.liveCheck,
      retryMs: this.#limits.liveRetry,
      onNotice: (notice) => this.#hear(notice),
      onListening: check,
      onLost: (error) =>
        this.#log.warn({ event: "live_deaf", error: error.message }, "Changes are not heard"),
    });
    return () => {
      clearInterval(timer);
      return close();
    };
  }

  #hear(notice: LiveNotice): void {
    if (notice.event === "changed") {
      const { userId, dataVersion } = notice;
      for (const stream of this.#byUser.get(userId) ?? []) advance(stream, dataVersion);
    } else {
      for (const stream of this.#byRight.get(notice.id) ?? []) finish(stream, over(stream));
    }
  }

  async #catchUp(streams: Stream[]): Promise<void> {
    if (streams.length === 0) return;
    const idsBy = (by: Follower["by"]) => [
      ...new Set(streams.flatMap((stream) => (stream.by === by ? stream.id : []))),
    ];
    const { versions, ended } = await readStanding(
      this.#db,
      {
        userIds: [...new Set(streams.map(({ userId }) => userId))],
        sessionIds: idsBy("session"),
        apiKeyIds: idsBy("apiKey"),
      },
      this.#clock.now(),
    );
    for (const stream of streams) {
      const why = ended.get(stream.id);
      const version = versions.get(stream.userId);
      if (why || version === undefined) finish(stream, over(stream, why));
      else advance(stream, version);
    }
  }

  *#all(): Iterable<Stream> {
    for (const streams of this.#byUser.values()) yield* streams;
  }
}

function advance(stream: Stream, version: number): void {
  // What was read may be older than what was heard meanwhile.
  if (stream.newest !== null && stream.newest >= version) return;
  stream.newest = version;
  stream.wake();
}

function finish(stream: Stream, end: Error): void {
  stream.end ??= end;
  stream.wake();
}

function over({ by }: Stream, why: "expired" | "revoked" = "revoked"): FiscilityError {
  return new FiscilityError(by === "session" ? "unauthenticated" : `api_key_${why}`);
}

function setOf(map: Map<string, Set<Stream>>, key: string): Set<Stream> {
  const found = map.get(key) ?? new Set();
  map.set(key, found);
  return found;
}

function removeFrom(map: Map<string, Set<Stream>>, key: string, stream: Stream): void {
  const streams = map.get(key);
  streams?.delete(stream);
  if (streams?.size === 0) map.delete(key);
}
