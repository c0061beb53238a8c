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

/** Publishes the start and the end of each key that is derived. */
export const scryptChannel = tracingChannel("fiscility.scrypt");

/** As text, so that it needs no file beside a bundle. */
const thread = `
  const { scryptSync } = require("node:crypto");
  const { constants, setPriority } = require("node:os");
  const { parentPort } = require("node:worker_threads");
  // Linux gives each thread a priority of its own; elsewhere this would slow down the whole process.
  if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  parentPort.on("message", ({ password, salt, bytes, options }) => {
    parentPort.postMessage(scryptSync(password, salt, bytes, options));
  });
`;

const idle: Worker[] = [];

/**
 * scrypt in a thread of its own, of low priority: a burst of log-ins delays no request that is not a
 * log-in, and leaves libuv's threads to DNS and files. The caller limits how many run at once; a thread
 * is kept for the next.
 */
export const deriveKey: DeriveKey = (password, salt, bytes, options) =>
  scryptChannel.tracePromise(async () => {
    const worker = idle.pop() ?? new Worker(thread, { eval: true });
    // While it works the process waits for it; at rest it keeps no process alive.
    worker.ref();
    worker.postMessage({ password, salt, bytes, options });
    const [key] = await once(worker, "message");
    worker.unref();
    idle.push(worker);
    return Buffer.from(key);
  }, {});
