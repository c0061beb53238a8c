import { scryptSync } from "node:crypto";
import { constants, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

// Linux gives each thread a priority of its own; elsewhere this would slow the whole process down.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

parentPort?.on("message", ({ password, salt, bytes, options }) => {
  parentPort?.postMessage(scryptSync(password, salt, bytes, options));
});
