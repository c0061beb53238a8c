import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** A step of `connectAccount`, as its log line names it. */
export type Step = string;

/** The app in a process of its own, which can be killed. */
export interface NodeProcess {
  url: string;
  process: ChildProcess;
  readonly running: boolean;
  /** SIGKILL by its own hand the next time a connection has done `step`. */
  dieAfter(step: Step): Promise<void>;
  /** One pass of the recovery. */
  recover(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts the app in a child process, with time limits of tests. */
export async function startNode(env: Record<string, string>): Promise<NodeProcess> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child = fork(path.join(import.meta.dirname, "node-main.ts"), {
    env: {
      ...env,
      PORT: "0",
      NODE_ENV: "development",
      PATH: process.env.PATH,
      LOG_LEVEL: "silent",
    },
    execArgv: ["--import", tsx],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const answer = async () => (await Promise.race([once(child, "message"), gone(ended)]))[0];
  const { url } = (await answer()) as { url: string };
  const ask = async (message: object) => {
    child.send(message);
    await answer();
  };
  return {
    url,
    process: child,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    dieAfter: (step) => ask({ dieAfter: step }),
    recover: () => ask({ recover: true }),
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
