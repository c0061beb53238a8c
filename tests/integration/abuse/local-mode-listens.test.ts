import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../../local/ports.ts";
import { built } from "../../support/built.ts";
import { isMatrix } from "../../support/matrix.ts";

/** Only Linux lists the sockets of each process: https://man7.org/linux/man-pages/man5/proc_net_tcp.5.html */
const onLinux = process.platform === "linux";

/** Starts `npm start` in local mode. Returns what its processes listen on once it has printed its address. */
async function listenersOf(more: Record<string, string>) {
  const cwd = mkdtempSync(path.join(tmpdir(), "fiscility-listens-"));
  const [PORT, SANDBOX_PORT, METRICS_PORT] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(process.execPath, built("main"), {
    cwd,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "development",
      PORT: String(PORT),
      SANDBOX_PORT: String(SANDBOX_PORT),
      METRICS_PORT: String(METRICS_PORT),
      MAIL_PORT: "0",
      LOG_LEVEL: "silent",
      ...more,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  try {
    let output = "";
    for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.includes("Stop with")) break;
    }
    child.stderr.resume();
    const [postmaster] = readFileSync(
      path.join(cwd, ".local/postgres/postmaster.pid"),
      "utf8",
    ).split("\n");
    return {
      ports: { app: PORT },
      said: output,
      sockets: [child.pid, Number(postmaster)].flatMap(socketsOf),
    };
  } finally {
    child.kill("SIGINT");
    await ended;
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** The TCP sockets that a process listens on, as `address:port` in the kernel's hexadecimal. */
function socketsOf(pid: number | undefined): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        // The socket was closed meanwhile.
        return undefined;
      }
    }),
  );
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === "0A" && own.has(inode))
      .map(([, address = ""]) => address),
  );
}

/** 127.0.0.1 and ::1. */
const loopback = /^(0100007F|00000000000000000000000001000000):/;

test.skipIf(!onLinux || !isMatrix)(
  "Local mode listens on loopback only: the app, the local Plaid, the mailbox, PostgreSQL, the metrics",
  async () => {
    const { sockets } = await listenersOf({});
    expect(sockets.length).toBeGreaterThanOrEqual(6);
    expect(sockets.filter((address) => !loopback.test(address))).toEqual([]);
  },
);

test.skipIf(!onLinux || !isMatrix)(
  "HOST opens only the app to other machines, and the start warns about the demo user",
  async () => {
    const { sockets, ports, said: output } = await listenersOf({ HOST: "0.0.0.0" });
    const open = sockets.filter((address) => !loopback.test(address));
    expect(open).toEqual([`00000000:${ports.app.toString(16).toUpperCase().padStart(4, "0")}`]);
    expect(output).toContain("Anybody who reaches 0.0.0.0 can log in as the demo user");
  },
);
