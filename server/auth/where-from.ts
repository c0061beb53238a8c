import Bowser from "bowser";
import ipaddr from "ipaddr.js";

/** "Chrome on macOS"; null when the user agent tells neither. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const { browser, os } = Bowser.parse(userAgent);
  return [browser.name, os.name].filter(Boolean).join(" on ") || null;
}

/** An address as people write it: `::1`, and not the eight groups that better-auth keeps. */
export function shortAddress(address: string | null): string | null {
  return address !== null && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
