/** A stateful local Plaid, for development and tests. Listens on loopback unless told a host. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sandboxServer } from "./http/server.ts";
import { pageOrigins, publicOrigin, webhookHosts } from "./reach.ts";
import { Sandbox } from "./sandbox.ts";
import { checkOptions } from "./start-options.ts";

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /**
   * Where to listen. `localhost` listens on 127.0.0.1 and ::1. Any other
   * name lets other machines use and control the sandbox. Default 127.0.0.1.
   */
  host?: string;
  /** Where browsers find the sandbox when that is not where the API's callers do. */
  publicUrl?: string;
  /** Hosts beyond this machine that webhooks may go to, e.g. `backend:8080` or `*.app.test`. */
  webhookHosts?: string[];
  /** Origins beyond this machine whose pages may open Link, e.g. `https://app.test`. */
  pageOrigins?: string[];
  /** Keep state in this file between runs. Absent: in memory. */
  dataFile?: string;
  /** Makes banks, holders, transactions, all ids and all dates repeatable. */
  seed?: number;
  /**
   * The sandbox's first day, `YYYY-MM-DD`; its time moves on from there. `today`: the machine's time.
   * Default: `2026-06-15` with a seed, `today` without.
   */
  startDate?: string;
  /** Return 429 above Plaid's published limits. Default false. */
  rateLimits?: boolean;
  /** Delay added to every API response, milliseconds. Default 0. */
  latencyMs?: number;
  /** At some banks a new Item ends the log-in of the holder's one before. Default true. */
  newItemInvalidatesOld?: boolean;
  /** How long a new Item's transactions are NOT_READY, milliseconds. Default 1,000; 0: not at all. */
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
  /** Let `/sandbox/transactions/create` work for every user. Default false. */
  transactionsForAll?: boolean;
  /** Send SYNC_UPDATES_AVAILABLE before the first `/transactions/sync`, too. Default false. */
  webhooksBeforeSync?: boolean;
  /** Serve the User APIs; false refuses them, as for a client id without them. Default true. */
  userApis?: boolean;
  /** How long after Link's success an Item is missing in `/user/items/get`, ms. Default 0. */
  userItemsDelayMs?: number;
}

export interface RunningSandbox {
  /** Base URL for the API and for Link's script, without a trailing slash. */
  url: string;
  port: number;
  /** Writes the state, closes every connection and stops. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox. Rejects with the system's error when the port is taken (EADDRINUSE), and with
 * a TypeError for an unknown option or value.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const { port: wanted = 0, host = "127.0.0.1" } = options;
  checkOptions(options);
  const publicUrl = options.publicUrl === undefined ? null : publicOrigin(options.publicUrl);
  const sandbox = new Sandbox({
    dataFile: options.dataFile ?? null,
    seed: options.seed ?? null,
    startDate: options.startDate ?? null,
    publicUrl,
    webhookHosts: webhookHosts(options.webhookHosts ?? []),
    pageOrigins: pageOrigins(options.pageOrigins ?? []),
    rateLimits: options.rateLimits ?? false,
    latencyMs: options.latencyMs ?? 0,
    newItemInvalidatesOld: options.newItemInvalidatesOld ?? true,
    transactionsReadyMs: options.transactionsReadyMs ?? 1_000,
    fullHistory: options.fullHistory ?? false,
    requireConsent: options.requireConsent ?? false,
    linkEvents: options.linkEvents ?? false,
    webhookRetryMs: options.webhookRetryMs ?? 30_000,
    historicalPullMs: options.historicalPullMs ?? 5_000,
    logInsLast: options.logInsLast ?? false,
    loginRepaired: options.loginRepaired ?? false,
    transactionsForAll: options.transactionsForAll ?? false,
    webhooksBeforeSync: options.webhooksBeforeSync ?? false,
    userApis: options.userApis ?? true,
    userItemsDelayMs: options.userItemsDelayMs ?? 0,
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
    url: publicUrl ?? `http://${reachableHost(host)}:${port}`,
    port,
    async close() {
      sandbox.webhooks.cancel();
      await Promise.all(servers.map(stop));
      sandbox.flush();
    },
  };
}

/** The host as a URL has it; for every address at once, this machine's name. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
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
