import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { freePort } from "../../local/ports.ts";
import { awaitLater } from "./await-later.ts";
import { built } from "./built.ts";
import { until } from "./until.ts";

/** For an older version, which has no bundle. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export type MainProcess = Awaited<ReturnType<typeof startMain>>;

/**
 * Starts the process of `npm start`, with migrations and worker, and waits until it is ready. `root`: the
 * folder of an older version. Rejects with its output when it exits before.
 */
export async function startMain(env: Record<string, string>, root?: string) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  // Its own working directory, for the files that it writes.
  const cwd = mkdtempSync(path.join(tmpdir(), "fiscility-main-"));
  const args = root ? ["--import", tsx, path.join(root, "server/main.ts")] : built("main");
  const child = spawn(process.execPath, args, {
    cwd,
    env: {
      ...env,
      LOG_LEVEL: "error",
      PORT: String(port),
      APP_URL: url,
      DRAIN_SECONDS: "1",
      MAIL_PORT: "0",
      NODE_ENV: "development",
      PATH: process.env.PATH,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const ended = awaitLater(
    once(child, "exit").finally(() => rmSync(cwd, { recursive: true, force: true })),
  );
  const ready = () =>
    fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  try {
    await until(() => {
      if (child.exitCode !== null) throw new Error(output);
      return ready();
    });
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    url,
    child,
    ended,
    kill,
    /** Everything that it has written, to both of its streams. */
    said: () => output,
  };
}
