import type { Db } from "../../db/client.ts";
import { type ConnectState, readConnectState } from "../../db/link-attempts.ts";
import { lockUser, type PlanOfUser } from "../../db/users.ts";
import type { ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Ending } from "./attempt.ts";
import { AttemptEnded } from "./attempt-result.ts";
import { decideEnding, type Ended, finishEnding, writeEnding } from "./end-attempt.ts";
import type { Run } from "./run.ts";

/** The rows that a run reads under the lock. */
export interface Locked extends ConnectState {
  /** `deleted`: the user deleted their account. */
  plan: PlanOfUser & { deleted: boolean };
}

/**
 * Runs `work` in the connecting transaction, under the user's lock and after the attempt is recorded
 * (`recording`). Ends the attempt when it fails.
 *
 * An ending commits with the transaction, so the next run sees it as soon as it has the lock. Only when the
 * transaction is lost does the ending commit outside it.
 */
export async function underUserLock(
  services: Services,
  run: Run,
  recording: Promise<void>,
  work: (tx: Db, locked: Locked) => Promise<ConnectAccountOutput>,
): Promise<ConnectAccountOutput> {
  const { connectDb, connectGate, limits } = services;
  const timeoutMs = run.by === "recovery" ? limits.recoveryLock : undefined;
  // Awaited under the lock, or after the wait for the lock failed. This handler prevents an unhandled
  // rejection.
  recording.catch(() => {});
  let ending: Ending | undefined;
  let ended: Ended;
  try {
    const result = await connectGate.run(run.userId, () =>
      connectDb.transaction().execute(async (tx): Promise<ConnectAccountOutput | Ended> => {
        const plan = await lockUser(tx, run.userId, { timeoutMs });
        await recording;
        run.times.done("attempt");
        const state = await readConnectState(tx, run.userId, run.attemptId);
        run.times.done("lock");
        try {
          return await work(tx, { plan, ...state });
        } catch (error) {
          // The insert is rolled back first; the ending is written outside.
          if (error instanceof AttemptEnded || run.stage.at === "committing") throw error;
          ending = await decideEnding(services, run, error);
          return await writeEnding(services, run, ending, tx);
        }
      }),
    );
    if ("outcome" in result) return result;
    ended = result;
  } catch (error) {
    if (error instanceof AttemptEnded) throw error.error;
    await recording;
    ended = await endOutside(services, run, ending, error);
  }
  return finishEnding(services, run, ended);
}

/**
 * Ends the attempt when the transaction is lost or never began.
 *
 * @throws FiscilityError `outcome_pending` when the ending cannot be written: the recovery ends the attempt
 */
async function endOutside(
  services: Services,
  run: Run,
  decided: Ending | undefined,
  error: unknown,
): Promise<Ended> {
  try {
    const ending = decided ?? (await decideEnding(services, run, error));
    return await services.db.transaction().execute((tx) => writeEnding(services, run, ending, tx));
  } catch (cause) {
    throw new FiscilityError("outcome_pending", { cause });
  }
}
