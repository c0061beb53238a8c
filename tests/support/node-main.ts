import { parseConfig } from "../../server/config.ts";
import { recoverAttempts } from "../../server/connect/recover-attempts.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { rateLimits } from "../../server/plaid/rate-limits.ts";
import { reconcile } from "../../server/reconciliation/reconcile.ts";
import { startServer } from "../../server/server.ts";

/** A node of the fault tests: the real server, with short time limits and a step to die after. */
const limits = {
  plaidCall: 1_000,
  plaidBackoff: 20,
  connectWait: 2_000,
  connectDeadline: 4_000,
  attemptAbandoned: 5_000,
};

let fatal: string | undefined;
let signal: "SIGKILL" | "SIGSTOP" = "SIGKILL";
let left = 1;
const onStep = (step: string) => {
  if (step === fatal && --left === 0) process.kill(process.pid, signal);
};

interface Message {
  id: number;
  dieAfter?: string;
  pauseAfter?: string;
  times?: number;
  recover?: true;
  work?: true;
  /** Passes of the reconciliation, each at so many minutes from now. */
  reconcileAt?: number[];
}

const server = await startServer(parseConfig(process.env), { limits, onStep });
process.on("message", async (message: Message) => {
  const { dieAfter, pauseAfter } = message;
  if (dieAfter ?? pauseAfter) {
    fatal = dieAfter ?? pauseAfter;
    signal = dieAfter ? "SIGKILL" : "SIGSTOP";
    left = message.times ?? 1;
  }
  if (message.work) await startWorker(server.services);
  if (message.recover) await recoverAttempts(server.services, server.services.log);
  // Days pass in seconds here, but Plaid's rate limit counts real minutes.
  if (message.reconcileAt) rateLimits["/user/items/get"] = { perClient: 1_000_000 };
  for (const minutes of message.reconcileAt ?? []) {
    const clock = { now: () => new Date(Date.now() + minutes * 60_000) };
    await reconcile({ ...server.services, clock }, server.services.log);
  }
  process.send?.({ done: message.id });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
