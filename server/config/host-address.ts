import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Names that hosts files and resolvers give the loopback interface. */
const loopbackName =
  /(^|\.)(localhost|localhost6|localdomain|localdomain6)$|^ip6-(localhost|loopback)$/;

/**
 * Ranges that another machine may have. NAT64 and 6to4 are not among them, because they embed an IPv4
 * address.
 */
const rangesOfOthers = new Set(["unicast", "private", "uniqueLocal", "carrierGradeNat"]);

/**
 * Whether an http or https URL may lead to this machine, or to an address that no other machine has:
 * loopback, link-local, unspecified, reserved. In doubt, true, because such URLs are refused. `URL` has
 * normalized the decimal, octal, hexadecimal and full-width spellings of an IPv4 address
 * (https://url.spec.whatwg.org/#host-parsing). A public name that resolves to loopback is not recognized.
 */
export function mayBeThisMachine(url: string): boolean {
  const host = bare(new URL(url).hostname);
  if (isIP(host) === 0) return loopbackName.test(host);
  const address = ipaddr.process(host);
  // ::127.0.0.1, the old IPv4-compatible form, counts as unicast in ipaddr.js.
  const isEmbedded = address.kind() === "ipv6" && address.toByteArray().slice(0, 12).every(isZero);
  return isEmbedded || !rangesOfOthers.has(address.range());
}

/**
 * Whether a connection to `host` certainly stays on this machine: a Unix socket, `localhost` or a loopback
 * address. In doubt, false, because such hosts need no TLS. So `x.localhost`, which some resolvers look up
 * elsewhere, is false.
 */
export function isThisMachine(host: string): boolean {
  if (host.startsWith("/")) return true;
  const name = bare(host);
  if (isIP(name) === 0) return name === "localhost";
  return ipaddr.process(name).range() === "loopback";
}

/** Removes the brackets of IPv6 and the trailing dots of DNS, and lowercases. */
const bare = (host: string) =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.+$/, "");
const isZero = (byte: number) => byte === 0;

/** The range of public IPv6 addresses: https://www.iana.org/assignments/ipv6-address-space */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an IP address, v4 or v6, is public: not of this machine, of a private network, or of a range that
 * embeds an IPv4 address. In doubt, false, because such addresses are refused.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || parsed.match(globalUnicast);
}

/** Whether an IP address belongs to the loopback interface. */
export const isLoopbackAddress = (address: string): boolean =>
  ipaddr.process(address).range() === "loopback";
