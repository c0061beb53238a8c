import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { builtForTests } from "./built.ts";

/** A step of `connectAccount` or of a sync, as in its log line. */
export type Step = string;

/** The app in its own process, which can be killed. */
export interface NodeProcess {
  url: string;
  process: ChildProcess;
  readonly running: boolean;
  /** Sends itself SIGKILL when `step` has ended so many times from now. */
  dieAfter(step: Step, times?: number): Promise<void>;
  /** Sends itself SIGSTOP when `step` next ends. The test continues it with SIGCONT. */
  pauseAfter(step: Step): Promise<void>;
  /** Runs jobs from now on. */
  work(): void;
  /** Resolves when the process has exited. */
  ended: Promise<unknown>;
  /** Runs one pass of the recovery. */
  recover(): Promise<void>;
  /** Runs passes of the reconciliation, each at so many minutes from now. */
  reconcileAt(minutes: number[]): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the app in a child process, with the time limits of tests. */
export async function startNode(env: Record<string, string>): Promise<NodeProcess> {
  const child = fork(await builtForTests("node-main"), {
    env: {
      ...env,
      PORT: "0",
      NODE_ENV: "development",
      PATH: process.env.PATH,
      LOG_LEVEL: "silent",
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  // Not `once`, which rejects when a message is sent to a process that is ending.
  const ended = new Promise<unknown>((resolve) => child.once("exit", resolve));
  const [{ url }] = (await Promise.race([once(child, "message"), gone(ended)])) as [
    { url: string },
  ];
  // To a process that has ended; what asked it learns of that by `ended`.
  child.on("error", () => {});
  let asked = 0;
  /** Each reply names its message: a paused node replies to several at once, when it wakes up. */
  const send = async (message: object) => {
    asked += 1;
    const id = asked;
    const replied = new Promise<void>((resolve) => {
      const onReply = ({ done }: { done: number }) => {
        if (done !== id) return;
        child.off("message", onReply);
        resolve();
      };
      child.on("message", onReply);
    });
    child.send({ id, ...message });
    await Promise.race([replied, gone(ended)]);
  };
  return {
    url,
    process: child,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    dieAfter: (step, times) => send({ dieAfter: step, times }),
    pauseAfter: (step) => send({ pauseAfter: step }),
    work: () => void child.send({ work: true }),
    ended,
    recover: () => send({ recover: true }),
    reconcileAt: (minutes) => send({ reconcileAt: minutes }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function gone(ended: Promise<unknown>): Promise<never> {
  await ended;
  throw new Error("the node has ended");
}
