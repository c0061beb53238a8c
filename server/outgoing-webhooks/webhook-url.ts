import { isIP } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "../config/host-address.ts";
import { FiscilityError } from "../contracts/errors.ts";

/** A parsed address, before its name is looked up. */
export interface WebhookUrl {
  url: URL;
  /** Allows only addresses of this machine: `http` in local mode. Else only public ones. */
  isLocal: boolean;
}

/**
 * Parses the address that a user wants webhooks sent to.
 *
 * @param allowsLocal local mode: plain `http` is allowed too, but only to this machine
 * @throws FiscilityError `webhook_url_refused` when nothing can ever be sent to it
 */
export function readWebhookUrl(text: string, allowsLocal: boolean): WebhookUrl {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = allowsLocal && url?.protocol === "http:";
  const isRight =
    url !== null &&
    (isLocal || url.protocol === "https:") &&
    url.username === "" &&
    url.password === "" &&
    url.hash === "";
  if (!isRight) throw new FiscilityError("webhook_url_refused");
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isAllowed(host, isLocal)) {
    throw new FiscilityError("webhook_url_refused");
  }
  return { url, isLocal };
}

/** Returns the host of a URL; an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** Whether an IP address may be connected to. */
export const isAllowed = (address: string, isLocal: boolean): boolean =>
  isLocal ? isLoopbackAddress(address) : isPublicAddress(address);
