import { lookup, Resolver } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { FiscilityError } from "../contracts/errors.ts";
import type { DeliveryError } from "../contracts/webhook-endpoints.ts";
import { hostOf, isAllowed, readWebhookUrl, type WebhookUrl } from "./webhook-url.ts";

/** An IP address that a name resolves to. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Looks up a name of this machine (`isLocal`), or else a public one. */
export type ResolveHost = (host: string, isLocal: boolean) => Promise<ResolvedAddress[]>;

/**
 * Resolves public names by DNS instead of `getaddrinfo`, which Node's connections use: while a name server is
 * silent, it blocks a thread that also hashes passwords.
 */
export const resolveHost: ResolveHost = async (host, isLocal) => {
  if (isLocal) return lookup(host, { all: true });
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const found = await Promise.allSettled([
    resolver.resolve4(host).then((all) => all.map((address) => ({ address, family: 4 }))),
    resolver.resolve6(host).then((all) => all.map((address) => ({ address, family: 6 }))),
  ]);
  return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
};

/** How an address responded. `error` is null for a 2xx. */
export interface PostResult {
  error: DeliveryError | null;
  httpStatus: number | null;
}

/** Why nothing was sent. */
class Refused extends Error {
  readonly why: DeliveryError;

  constructor(why: DeliveryError) {
    super(why);
    this.why = why;
  }
}

/**
 * Sends one POST to an address that a user chose, and returns the result; it never rejects. The name is
 * looked up once, all its addresses must be allowed, and the connection goes to one of those, so a name
 * cannot lead into our own network (SSRF). Redirects are not followed, and only the status of the response is
 * read. All of it together must finish within `timeoutMs`.
 *
 * @param url the address that the user chose
 * @param options `allowsLocal`: local mode
 */
export async function postWebhook(
  url: string,
  { body, headers }: { body: string; headers: Record<string, string> },
  options: { timeoutMs: number; allowsLocal: boolean; resolve: ResolveHost },
): Promise<PostResult> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const target = readWebhookUrl(url, options.allowsLocal);
    const sent = resolveAllowed(target, options.resolve).then((addresses) => {
      signal.throwIfAborted();
      return post(target.url, addresses, { body, headers, signal });
    });
    const httpStatus = await rejectOnAbort(sent, signal);
    if (httpStatus >= 200 && httpStatus < 300) return { error: null, httpStatus };
    const isRedirect = httpStatus >= 300 && httpStatus < 400;
    return { error: isRedirect ? "redirected" : "status", httpStatus };
  } catch (error) {
    return { error: signal.aborted ? "timed_out" : errorOf(error), httpStatus: null };
  }
}

/** @throws Refused */
async function resolveAllowed(
  { url, isLocal }: WebhookUrl,
  resolve: ResolveHost,
): Promise<ResolvedAddress[]> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses =
    family === 0 ? await resolve(host, isLocal).catch(() => []) : [{ address: host, family }];
  if (addresses.length === 0) throw new Refused("name_not_found");
  if (!addresses.every(({ address }) => isAllowed(address, isLocal))) {
    throw new Refused("address_not_public");
  }
  return addresses;
}

function post(
  url: URL,
  addresses: ResolvedAddress[],
  { body, headers, signal }: { body: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<number> {
  const bytes = Buffer.from(body);
  const options = {
    method: "POST",
    // A new connection each time: a kept-alive one might not lead to where the name resolves now.
    agent: false as const,
    lookup: pinnedTo(addresses),
    headers: { ...headers, "content-length": bytes.length },
    signal,
  };
  return new Promise((settle, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(url, options, (response) => {
      settle(response.statusCode ?? 0);
      response.destroy();
    });
    request.on("error", reject);
    // Without another event, when the receiver switches protocols.
    request.on("close", () => reject(new Error("the connection was closed")));
    request.end(bytes);
  });
}

/** For Node's connection, which looks up the name again: returns only the addresses that were checked. */
const pinnedTo =
  (addresses: ResolvedAddress[]): LookupFunction =>
  (_host, { all }, done) => {
    const [first] = addresses;
    if (all || !first) done(null, addresses);
    else done(null, first.address, first.family);
  };

function rejectOnAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((settle, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(settle, reject);
  });
}

function errorOf(error: unknown): DeliveryError {
  if (error instanceof Refused) return error.why;
  if (error instanceof FiscilityError) return "address_not_public";
  const { code = "" } = error as { code?: string };
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code);
  return isCertificate ? "certificate_invalid" : "connection_failed";
}
