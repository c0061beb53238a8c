/** What the sandbox can reach: this machine, and other hosts only if its start allowed them. */

/** The names of `localhost` and the loopback addresses in a URL. */
const LOOPBACK_HOST = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
/** `backend`, `backend:8080`, `*.example.test`, `10.0.0.7`, `[fd00::1]:8080`. */
const HOST_PATTERN =
  /^(\[[0-9a-f:.]+\]|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_-]+)*)(:\d{1,5})?$/;
/** A scheme and a host; CSP's `*.` for any subdomain and `*` for any port. */
const ORIGIN_PATTERN = /^https?:\/\/(\[[0-9a-f:.]+\]|(\*\.)?[a-z0-9_.-]+)(:(\d{1,5}|\*))?$/;

/** Whether a listening host can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "::1" || LOOPBACK_HOST.test(host.toLowerCase());
}

/**
 * Whether webhooks may be sent to a URL: on this machine always, elsewhere when `hosts` names it.
 * An entry without a port allows every port.
 */
export function allowsWebhook(hosts: readonly string[], url: string): boolean {
  const target = URL.parse(url);
  if (!target) return false;
  const { hostname, port, protocol } = target;
  if (LOOPBACK_HOST.test(hostname)) return true;
  const defaultPort = protocol === "https:" ? "443" : "80";
  return hosts.some((entry) => {
    const [, name = "", wanted] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (wanted !== undefined && wanted !== (port || defaultPort)) return false;
    return name.startsWith("*.") ? hostname.endsWith(name.slice(1)) : hostname === name;
  });
}

/** The list in lower case. Throws TypeError for an entry that is not a host. */
export function webhookHosts(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    const host = entry.toLowerCase();
    if (HOST_PATTERN.test(host)) return host;
    throw new TypeError(
      `a webhook host must be like backend, backend:8080 or *.example.test, got "${entry}"`,
    );
  });
}

/** The list in lower case. Throws TypeError for an entry that is not an origin. */
export function pageOrigins(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    const origin = entry.toLowerCase();
    if (ORIGIN_PATTERN.test(origin)) return origin;
    throw new TypeError(
      `a page origin must be like https://app.test, http://app.test:3000 or https://*.app.test, got "${entry}"`,
    );
  });
}

/** A URL's origin. Throws TypeError unless it is an http or https URL without a path. */
export function publicOrigin(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new TypeError(`the public URL must be like http://localhost:3001, got "${text}"`);
}
