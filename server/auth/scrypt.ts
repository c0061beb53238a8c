import { tracingChannel } from "node:diagnostics_channel";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What scrypt is given: `N` is the number of blocks, `r` their size, `p` how many rounds. */
export interface HashCost {
  N: number;
  r: number;
  p: number;
}

/** A key of `bytes` bytes. `maxmem` is how many bytes of memory scrypt may take. */
export type DeriveKey = (
  password: string,
  salt: string | Buffer,
  bytes: number,
  options: HashCost & { maxmem: number },
) => Promise<Buffer>;

/** Tells of each key that is derived, from its start to its end. */
export const scryptChannel = tracingChannel("fiscility.scrypt");

const idle: Worker[] = [];

/**
 * scrypt in a thread of its own, of low priority: a burst of log-ins delays no request that is not a
 * log-in, and leaves libuv's threads to DNS and files. The caller limits how many run at once; a thread
 * is kept for the next.
 */
export const deriveKey: DeriveKey = (password, salt, bytes, options) =>
  scryptChannel.tracePromise(async () => {
    const thread = idle.pop() ?? new Worker(new URL("./scrypt-thread.js", import.meta.url));
    // While it works the process waits for it; at rest it keeps no process alive.
    thread.ref();
    thread.postMessage({ password, salt, bytes, options });
    const [key] = await once(thread, "message");
    thread.unref();
    idle.push(thread);
    return Buffer.from(key);
  }, {});
