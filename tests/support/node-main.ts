import { parseConfig } from "../../server/config.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { startServer } from "../../server/server.ts";
import { StepTimes } from "../../server/step-times.ts";
import { timeLimits } from "../../server/time-limits.ts";

/** A node of the fault tests: the real server, with short time limits and a step to die after. */
Object.assign(timeLimits, {
  plaidCall: 1_000,
  plaidBackoff: 20,
  connectDeadline: 4_000,
  attemptAbandoned: 5_000,
});

let fatal: string | undefined;
const { done } = StepTimes.prototype;
StepTimes.prototype.done = function (step: string) {
  done.call(this, step);
  if (step === fatal) process.kill(process.pid, "SIGKILL");
};

const server = await startServer(parseConfig(process.env));
process.on("message", async (message: { dieAfter?: string; recover?: true }) => {
  if (message.dieAfter) fatal = message.dieAfter;
  if (message.recover) await recoverAttempts(server.services, server.services.log);
  process.send?.({});
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
