import { setTimeout as pause } from "node:timers/promises";
import { createClient, createCluster, ErrorReply } from "redis";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { RedisAddress } from "./redis-address.ts";

/** The Redis commands that the product uses, with the same interface for one server and for a cluster. */
export type RedisCommands = Pick<ReturnType<typeof createClient>, "hGet" | "unlink" | "eval">;

/** A connected server or cluster. */
interface Connection {
  commands: RedisCommands;
  connect(): Promise<unknown>;
  /** Rejects unless each of its servers responds. */
  ping(): Promise<unknown>;
  destroy(): void;
}

/**
 * A process's only connection to Redis, with a circuit breaker: Redis responds in time, or every command
 * fails at once. A late command drops the connection. The next one is opened in the background and must
 * respond to a PING in time before a request uses it, so no request waits for Redis to recover:
 * docs/decisions/004-redis-breaker.md.
 */
export class RedisAdapter {
  readonly #address: RedisAddress;
  readonly #log: Log;
  readonly #limits: TimeLimits;
  readonly #closed = new AbortController();
  #connection: Connection | null = null;
  /** Connections in a row that failed or broke too soon. */
  #failures = 0;
  #since = performance.now();

  constructor(address: RedisAddress, log: Log, limits: TimeLimits) {
    this.#limits = limits;
    this.#address = address;
    this.#log = log;
    void this.#keepTrying(false);
  }

  /** Whether commands are sent, or rejected at once. */
  get isConnected(): boolean {
    return this.#connection !== null;
  }

  /**
   * Sends one command. Rejects at once while Redis is unavailable, within `limits.redisCommand` when it does
   * not respond, and with `ErrorReply` when it returns an error.
   */
  async run<T>(command: (commands: RedisCommands) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    if (!connection) throw new Error("Redis is unavailable");
    try {
      return await withTimeout(this.#limits.redisCommand, command(connection.commands));
    } catch (error) {
      // READONLY comes from a master that became a replica. Its name now resolves to the new master.
      const isConnectionFine = error instanceof ErrorReply && !error.message.startsWith("READONLY");
      if (!isConnectionFine) this.#drop(connection, error as Error);
      throw error;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#connection?.destroy();
    this.#connection = null;
  }

  #drop(connection: Connection, error: Error): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    connection.destroy();
    this.#log.warn({ event: "redis_away", error: error.message }, "Redis is unavailable");
    if (performance.now() - this.#since > this.#limits.redisSteady) this.#failures = 0;
    void this.#keepTrying(true);
  }

  /**
   * Retries until there is a connection. Logs once that Redis is unavailable; `reported` says that it has
   * been logged.
   */
  async #keepTrying(reported: boolean): Promise<void> {
    const { signal } = this.#closed;
    for (let wasReported = reported; !signal.aborted; this.#failures++) {
      if (this.#failures > 0) {
        const wait = Math.min(50 * 2 ** this.#failures, this.#limits.redisRetry);
        await pause(wait, undefined, { signal, ref: false }).catch(() => {});
        if (signal.aborted) return;
      }
      const connection = open(this.#address, this.#limits.redisConnect, (error) =>
        this.#drop(connection, error),
      );
      try {
        await withTimeout(this.#limits.redisReady, connection.connect());
        await withTimeout(this.#limits.redisCommand, connection.ping());
        if (signal.aborted) return connection.destroy();
        this.#failures++;
        this.#since = performance.now();
        this.#connection = connection;
        this.#log.info({ event: "redis_there" }, "Redis is available");
        return;
      } catch (error) {
        connection.destroy();
        const { message } = error as Error;
        if (!wasReported)
          this.#log.warn({ event: "redis_away", error: message }, "Redis is unavailable");
        wasReported = true;
      }
    }
  }
}

/** A connection that does not reconnect by itself: when it breaks or is late, a new one is opened. */
function open(
  address: RedisAddress,
  connectTimeout: number,
  onBroken: (error: Error) => void,
): Connection {
  const { nodes, tls, username, password, database } = address;
  const common = { username, password: password?.reveal(), disableOfflineQueue: true };
  const socket = {
    tls,
    connectTimeout,
    reconnectStrategy: false,
  } as const;
  if (!address.cluster) {
    const client = createClient({
      ...common,
      database,
      socket: { ...nodes[0], ...socket } as never,
    });
    client.on("error", onBroken);
    return {
      commands: client,
      connect: () => client.connect(),
      ping: () => client.ping(),
      destroy: () => destroy(client),
    };
  }
  const cluster = createCluster({
    rootNodes: nodes.map((node) => ({ socket: node })),
    defaults: { ...common, socket: socket as never },
  });
  cluster.on("node-error", onBroken);
  // One node could not return the slots; the client tries the next one.
  cluster.on("error", () => {});
  let isOver = false;
  const destroyAll = () => {
    // One by one, because `cluster.destroy` stops at the first that is closed already.
    for (const { client } of cluster.masters) if (client) destroy(client);
    destroy(cluster);
  };
  return {
    commands: cluster as unknown as RedisCommands,
    // Destroyed meanwhile, it still connects to every master when a node returns the slots late.
    connect: () => cluster.connect().finally(() => isOver && destroyAll()),
    ping: () =>
      Promise.all(cluster.masters.map(async (node) => (await cluster.nodeClient(node)).ping())),
    destroy() {
      isOver = true;
      destroyAll();
    },
  };
}

/** It throws when there is nothing to destroy. */
function destroy(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {}
}

/** Settles with `work`, or rejects after `ms`. */
async function withTimeout<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error(`Redis did not respond within ${ms} ms`));
    // A response that arrived while this process was busy is read first.
    timer = setTimeout(() => setImmediate(fail), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
