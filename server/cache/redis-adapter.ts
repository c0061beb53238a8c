import { setTimeout as pause } from "node:timers/promises";
import { createClient, createCluster, ErrorReply } from "redis";
import type { Log } from "../telemetry/log.ts";
import type { TimeLimits } from "../time-limits.ts";
import type { RedisAddress } from "./redis-address.ts";

/** What the product asks of Redis, in the same words of one server and of a cluster. */
export type RedisCommands = Pick<ReturnType<typeof createClient>, "hGet" | "unlink" | "eval">;

/** One server or one cluster, connected. */
interface Connection {
  commands: RedisCommands;
  connect(): Promise<unknown>;
  /** Rejects unless each of its servers answers. */
  ping(): Promise<unknown>;
  destroy(): void;
}

/**
 * The one connection of a process to Redis, and the breaker before it: it is there and answers
 * within its time, or every command fails at once. A command that is late takes the connection down
 * with it. The next one is made behind the requests' backs and answers a PING in time before a
 * request sees it, so that nobody waits for Redis to come back: docs/decisions/004-redis-breaker.md.
 */
export class RedisAdapter {
  readonly #address: RedisAddress;
  readonly #log: Log;
  readonly #limits: TimeLimits;
  readonly #closed = new AbortController();
  #connection: Connection | null = null;
  /** Connections that failed, or did not last, since one lasted. */
  #failures = 0;
  #since = performance.now();

  constructor(address: RedisAddress, log: Log, limits: TimeLimits) {
    this.#limits = limits;
    this.#address = address;
    this.#log = log;
    void this.#keepTrying(false);
  }

  /** Whether commands are sent on rather than refused at once. */
  get isThere(): boolean {
    return this.#connection !== null;
  }

  /**
   * Sends one command. Rejects at once while Redis is away, within `limits.redisCommand` when it
   * does not answer, and with `ErrorReply` when it answers with an error.
   */
  async ask<T>(command: (commands: RedisCommands) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    if (!connection) throw new Error("Redis is away");
    try {
      return await within(this.#limits.redisCommand, command(connection.commands));
    } catch (error) {
      // READONLY: a master that became a replica; by now its name leads to another.
      const fine = error instanceof ErrorReply && !error.message.startsWith("READONLY");
      if (!fine) this.#drop(connection, error as Error);
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
    this.#log.warn({ event: "redis_away", error: error.message }, "Redis is away");
    if (performance.now() - this.#since > this.#limits.redisSteady) this.#failures = 0;
    void this.#keepTrying(true);
  }

  /** Until there is a connection; that Redis is away is `reported` once. */
  async #keepTrying(reported: boolean): Promise<void> {
    const { signal } = this.#closed;
    for (let told = reported; !signal.aborted; this.#failures++) {
      if (this.#failures > 0) {
        const wait = Math.min(50 * 2 ** this.#failures, this.#limits.redisRetry);
        await pause(wait, undefined, { signal, ref: false }).catch(() => {});
        if (signal.aborted) return;
      }
      const connection = open(this.#address, this.#limits.redisConnect, (error) =>
        this.#drop(connection, error),
      );
      try {
        await within(this.#limits.redisReady, connection.connect());
        await within(this.#limits.redisCommand, connection.ping());
        if (signal.aborted) return connection.destroy();
        this.#failures++;
        this.#since = performance.now();
        this.#connection = connection;
        this.#log.info({ event: "redis_there" }, "Redis is there");
        return;
      } catch (error) {
        connection.destroy();
        const { message } = error as Error;
        if (!told) this.#log.warn({ event: "redis_away", error: message }, "Redis is away");
        told = true;
      }
    }
  }
}

/** A connection that does not reconnect by itself: when it breaks, or is late, another is made. */
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
  // A node that could not say where the slots are; the next one is asked.
  cluster.on("error", () => {});
  return {
    commands: cluster as unknown as RedisCommands,
    connect: () => cluster.connect(),
    ping: () =>
      Promise.all(cluster.masters.map(async (node) => (await cluster.nodeClient(node)).ping())),
    destroy() {
      // One by one: `cluster.destroy` stops at the first that is closed already.
      for (const { client } of cluster.masters) if (client) destroy(client);
      destroy(cluster);
    },
  };
}

/** It throws where there is nothing to destroy. */
function destroy(client: { destroy(): void }): void {
  try {
    client.destroy();
  } catch {}
}

/** The work's own end, or a rejection after `ms`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error(`Redis did not answer within ${ms} ms`));
    // An answer that came while this process was busy is read first.
    timer = setTimeout(() => setImmediate(fail), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
