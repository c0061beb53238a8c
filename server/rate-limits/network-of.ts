import ipaddr from "ipaddr.js";

/**
 * Returns the key that counts one subscriber's addresses together: with IPv6 a subscriber has at least a /64.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
