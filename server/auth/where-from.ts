import Bowser from "bowser";
import ipaddr from "ipaddr.js";

/** Returns "Chrome on macOS"; null when the user agent has neither. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  return [browser.name, os.name].filter(Boolean).join(" on ") || null;
}

/** Shortens an address: `::1`, not the eight groups that better-auth stores. */
export function shortAddress(address: string | null): string | null {
  return address !== null && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
