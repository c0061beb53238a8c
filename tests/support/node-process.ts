import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { builtForTests } from "./built.ts";

/** A step of `connectAccount` or of a sync, as its log line names it. */
export type Step = string;

/** The app in a process of its own, which can be killed. */
export interface NodeProcess {
  url: string;
  process: ChildProcess;
  readonly running: boolean;
  /** SIGKILL by its own hand when `step` has been done so many times from now. */
  dieAfter(step: Step, times?: number): Promise<void>;
  /** SIGSTOP by its own hand when `step` is done next; the test continues it with SIGCONT. */
  pauseAfter(step: Step): Promise<void>;
  /** Takes jobs from now on. */
  work(): void;
  /** Resolves when it is gone. */
  ended: Promise<unknown>;
  /** One pass of the recovery. */
  recover(): Promise<void>;
  /** Passes of the reconciliation, each at so many minutes from now. */
  reconcileAt(minutes: number[]): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the app in a child process, with time limits of tests. */
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
  const ended = once(child, "exit");
  const [{ url }] = (await Promise.race([once(child, "message"), gone(ended)])) as [
    { url: string },
  ];
  let asked = 0;
  /** Each reply names its message: a paused node replies to several at once, when it wakes up. */
  const ask = async (message: object) => {
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
    dieAfter: (step, times) => ask({ dieAfter: step, times }),
    pauseAfter: (step) => ask({ pauseAfter: step }),
    work: () => void child.send({ work: true }),
    ended,
    recover: () => ask({ recover: true }),
    reconcileAt: (minutes) => ask({ reconcileAt: minutes }),
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
