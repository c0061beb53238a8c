import { parseConfig } from "../../server/config.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { startServer } from "../../server/server.ts";
import { StepTimes } from "../../server/step-times.ts";
import { timeLimits } from "../../server/time-limits.ts";

/** A node of the fault tests: the real server, with short time limits and a step to die after. */
Object.assign(timeLimits, {
  plaidCall: 1_000,
  plaidBackoff: 20,
  connectTurn: 2_000,
  connectDeadline: 4_000,
  attemptAbandoned: 5_000,
});

let fatal: string | undefined;
let left = 1;
const { done } = StepTimes.prototype;
StepTimes.prototype.done = function (step: string) {
  done.call(this, step);
  if (step === fatal && --left === 0) process.kill(process.pid, "SIGKILL");
};

interface Message {
  dieAfter?: string;
  times?: number;
  recover?: true;
  work?: true;
}

const server = await startServer(parseConfig(process.env));
process.on("message", async (message: Message) => {
  if (message.dieAfter) {
    fatal = message.dieAfter;
    left = message.times ?? 1;
  }
  if (message.work) await startWorker(server.services);
  if (message.recover) await recoverAttempts(server.services, server.services.log);
  process.send?.({});
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
