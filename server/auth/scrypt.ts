import { tracingChannel } from "node:diagnostics_channel";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** The parameters of scrypt: `N` is the number of blocks, `r` their size, `p` the number of rounds. */
export interface HashCost {
  N: number;
  r: number;
  p: number;
}

/** Derives a key of `bytes` bytes. `maxmem` is the most memory that scrypt may use, in bytes. */
export type DeriveKey = (
  password: string,
  salt: string | Buffer,
  bytes: number,
  options: HashCost & { maxmem: number },
) => Promise<Buffer>;

/** Publishes the start and the end of each key derivation. */
export const scryptChannel = tracingChannel("fiscility.scrypt");

/** As text, so that a bundle needs no second file. */
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
 * Runs scrypt in its own thread with low priority, so that a burst of log-ins delays no other requests and
 * leaves libuv's threads to DNS and files. The caller limits how many run at once. A thread is kept for the
 * next one.
 */
export const deriveKey: DeriveKey = (password, salt, bytes, options) =>
  scryptChannel.tracePromise(async () => {
    const worker = idle.pop() ?? new Worker(thread, { eval: true });
    // While it works the process waits for it; an idle one keeps no process alive.
    worker.ref();
    worker.postMessage({ password, salt, bytes, options });
    const [key] = await once(worker, "message");
    worker.unref();
    idle.push(worker);
    return Buffer.from(key);
  }, {});
