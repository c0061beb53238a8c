/** A stateful local Plaid, for development and tests. Listens on loopback only. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sandboxServer } from "./http/server.ts";
import { Sandbox } from "./sandbox.ts";

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** A loopback name. `localhost` listens on 127.0.0.1 and ::1. Default 127.0.0.1. */
  host?: string;
  /** Keep state in this file between runs. Absent: in memory. */
  dataFile?: string;
  /** Makes banks, holders, transactions and all ids repeatable. */
  seed?: number;
  /** Answer 429 above Plaid's published limits. Default false. */
  rateLimits?: boolean;
  /** Added to every API answer, milliseconds. Default 0. */
  latencyMs?: number;
  /** At some banks a new Item ends the log-in of the holder's one before. Default true. */
  newItemInvalidatesOld?: boolean;
  /** How long a new Item's transactions are NOT_READY, milliseconds. Default 0. */
  transactionsReadyMs?: number;
  /** Two years of transactions for an Item whose request names no number of days. Default false. */
  fullHistory?: boolean;
  /** Refuse data calls of products that the user did not consent to in Link. Default false. */
  requireConsent?: boolean;
  /** LINK webhooks and results for every session, as Plaid enables on request. Default false. */
  linkEvents?: boolean;
  /** The first wait before a webhook is sent again, milliseconds. Default 30,000. */
  webhookRetryMs?: number;
  /** How long after the first 30 days of transactions the rest follow, ms. Default 5,000; 0: at once. */
  historicalPullMs?: number;
  /** Keep Items from ITEM_LOGIN_REQUIRED 30 days after their log-in. Default false. */
  logInsLast?: boolean;
  /** Send LOGIN_REPAIRED after the app's own update mode, too. Default false. */
  loginRepaired?: boolean;
  /** Send SYNC_UPDATES_AVAILABLE before the first `/transactions/sync`, too. Default false. */
  webhooksBeforeSync?: boolean;
}

export interface RunningSandbox {
  /** Base URL for the API and for Link's script, without a trailing slash. */
  url: string;
  port: number;
  /** Writes the state, closes every connection and stops. */
  close(): Promise<void>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Starts a sandbox. Rejects with the system's error when the port is taken (EADDRINUSE), and with
 * a RangeError for a host that is not this machine's own.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const { port: wanted = 0, host = "127.0.0.1" } = options;
  if (!LOOPBACK.test(host)) throw new RangeError(`host must be a loopback address, got ${host}`);
  const sandbox = new Sandbox({
    dataFile: options.dataFile ?? null,
    seed: options.seed ?? null,
    rateLimits: options.rateLimits ?? false,
    latencyMs: options.latencyMs ?? 0,
    newItemInvalidatesOld: options.newItemInvalidatesOld ?? true,
    transactionsReadyMs: options.transactionsReadyMs ?? 0,
    fullHistory: options.fullHistory ?? false,
    requireConsent: options.requireConsent ?? false,
    linkEvents: options.linkEvents ?? false,
    webhookRetryMs: options.webhookRetryMs ?? 30_000,
    historicalPullMs: options.historicalPullMs ?? 5_000,
    logInsLast: options.logInsLast ?? false,
    loginRepaired: options.loginRepaired ?? false,
    webhooksBeforeSync: options.webhooksBeforeSync ?? false,
  });
  const first = sandboxServer(sandbox);
  const port = await listen(first, wanted, host === "localhost" ? "127.0.0.1" : host);
  const servers = [first];
  if (host === "localhost") {
    const second = sandboxServer(sandbox);
    try {
      await listen(second, port, "::1");
      servers.push(second);
    } catch (error) {
      // A machine without IPv6 has nothing to listen on there.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT") {
        await stop(first);
        throw error;
      }
    }
  }
  return {
    url: `http://${host === "::1" ? "[::1]" : host}:${port}`,
    port,
    async close() {
      sandbox.webhooks.cancel();
      await Promise.all(servers.map(stop));
      sandbox.flush();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
