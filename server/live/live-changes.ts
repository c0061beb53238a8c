import type { Db } from "../../db/client.ts";
import {
  type LiveNotice,
  type LivePosition,
  listen,
  readChanges,
  readStreamStates,
} from "../../db/live.ts";
import type { Clock } from "../clock.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { LiveChange } from "../contracts/live.ts";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";

/** A user who follows changes, and the session or API key that allows it. */
export interface Follower {
  userId: string;
  by: "session" | "apiKey";
  /** The id of that session or API key. */
  id: string;
  /** It may read transactions. */
  seesTransactions: boolean;
}

/** A change, and the position of a stream that has sent it. */
export type LiveNews = LivePosition & Pick<LiveChange, "changed">;

/** One open stream. */
interface Stream extends Follower {
  /** The newest data version known to this node; null until it was read. */
  newest: number | null;
  /** Why the stream has ended; null while it is open. */
  end: Error | null;
  wake: () => void;
}

/** This node is shutting down: the client opens the stream again by itself, on another node. */
class NodeClosing extends Error {
  // For this name, tRPC ends the stream without an error, and the client reconnects.
  override readonly name = "AbortError";
}

/**
 * The changes of every user who follows them on this node, received from PostgreSQL over one connection,
 * which is opened for the first of them. A stream only sends the newest data version, so that a slow or
 * reconnecting client skips older versions, and no backlog grows.
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

  /** `maxOfUser`: how many streams one user may have on this node. */
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
   * Yields the data version whenever it rises, and immediately if it is not `since`. Ends when `signal`
   * aborts. Throws when the user may no longer follow: `unauthenticated`, `api_key_revoked`,
   * `api_key_expired`; and `stream_replaced` when the user has opened too many newer streams.
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
      // Read after the stream was added: later changes are received, earlier ones are read.
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

  /** Returns no list when the database is away: the change itself is known. */
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

  /** How many streams are open. */
  get size(): number {
    return [...this.#all()].length;
  }

  /**
   * Ends every open and every future stream; clients connect to another node, or wait for this one to
   * restart.
   */
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

  /** A set keeps its order of insertion. An ended stream stays in it until its client has been notified. */
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
    // Reads what was missed while the connection was lost, and ends streams whose session or key has expired.
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
      onNotice: (notice) => this.#onNotice(notice),
      onListening: check,
      onLost: (error) =>
        this.#log.warn(
          { event: "live_disconnected", error: error.message },
          "Changes are not received",
        ),
    });
    return () => {
      clearInterval(timer);
      return close();
    };
  }

  #onNotice(notice: LiveNotice): void {
    if (notice.event === "changed") {
      const { userId, dataVersion } = notice;
      for (const stream of this.#byUser.get(userId) ?? []) advance(stream, dataVersion);
    } else {
      for (const stream of this.#byRight.get(notice.id) ?? []) finish(stream, endReason(stream));
    }
  }

  async #catchUp(streams: Stream[]): Promise<void> {
    if (streams.length === 0) return;
    const idsBy = (by: Follower["by"]) => [
      ...new Set(streams.flatMap((stream) => (stream.by === by ? stream.id : []))),
    ];
    const { versions, ended } = await readStreamStates(
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
      if (why || version === undefined) finish(stream, endReason(stream, why));
      else advance(stream, version);
    }
  }

  *#all(): Iterable<Stream> {
    for (const streams of this.#byUser.values()) yield* streams;
  }
}

function advance(stream: Stream, version: number): void {
  // The version that was read may be older than one that was received in the meantime.
  if (stream.newest !== null && stream.newest >= version) return;
  stream.newest = version;
  stream.wake();
}

function finish(stream: Stream, end: Error): void {
  stream.end ??= end;
  stream.wake();
}

function endReason({ by }: Stream, why: "expired" | "revoked" = "revoked"): FiscilityError {
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
