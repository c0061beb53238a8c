import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../local/ports.ts";
import type { TestApp } from "./app.ts";
import { reachable } from "./reachable.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

export type TestRedis = Awaited<ReturnType<typeof startRedis>>;

/** Waits until the app has connected to a Redis that started after it. */
export function redisFound({ services }: Pick<TestApp, "services">): Promise<void> {
  return until(() =>
    services.cache.clear("nobody").then(
      () => true,
      () => false,
    ),
  );
}

/** Starts a real redis-server for this test, without persistence. */
export async function startRedis(port?: number, options: string[] = []) {
  const chosen = port ?? (await freePort());
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-redis-"));
  const args = ["--port", String(chosen), "--bind", "127.0.0.1", "--dir", folder];
  const server: ChildProcess = spawn(
    "redis-server",
    [...args, "--save", "", "--appendonly", "no", ...options],
    { stdio: "ignore" },
  );
  await reachable(chosen);
  return {
    url: `redis://127.0.0.1:${chosen}`,
    port: chosen,
    /** Runs one command, as typed into redis-cli. Rejects with an error reply. */
    async command(...words: string[]): Promise<string> {
      const { stdout } = await run("redis-cli", ["-e", "-p", String(chosen), ...words]);
      return stdout.trim();
    },
    /** Keeps connections open but does not respond until `go`. */
    hang: () => void server.kill("SIGSTOP"),
    go: () => void server.kill("SIGCONT"),
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a cluster of three masters on loopback that serves all slots. */
export async function startRedisCluster() {
  const options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  // A node's bus listens 10,000 above its port. Both are below Linux's ephemeral ports.
  const first = randomInt(12_000, 22_000);
  const ports = [first, first + 1, first + 2];
  const nodes = await Promise.all(ports.map((port) => startRedis(port, options)));
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"]);
  for (const node of nodes) {
    while (!(await node.command("cluster", "info")).includes("cluster_state:ok")) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    nodes,
    url: `redis+cluster://${addresses.join(",")}`,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}
