import ipaddr from "ipaddr.js";

/** The key under which one subscriber's addresses are counted: a subscriber has at least a /64 of IPv6. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
