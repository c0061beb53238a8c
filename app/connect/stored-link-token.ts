const key = "fiscility.link-token";

interface StoredLinkToken {
  userId: string;
  linkToken: string;
  /** ISO 8601 UTC. */
  expiration: string;
}

/**
 * The link_token of the Link that is open, for the way back from a bank's own site, which may come
 * in another tab of this browser (so `localStorage`, as Plaid's guide has it:
 * https://plaid.com/docs/link/oauth/#reinitializing-link). Bound to the person: somebody else
 * logging in here does not continue it. Storage that is switched off only costs that way back.
 */
export function storeLinkToken(stored: StoredLinkToken): void {
  try {
    localStorage.setItem(key, JSON.stringify(stored));
  } catch {
    // Storage is switched off or full.
  }
}

/** The link_token this person opened Link with, if it can still be used. */
export function readLinkToken(userId: string): string | null {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "null") as StoredLinkToken | null;
    if (stored?.userId !== userId || Date.parse(stored.expiration) <= Date.now()) return null;
    return stored.linkToken;
  } catch {
    return null;
  }
}

export function forgetLinkToken(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Storage is switched off: there was nothing to forget.
  }
}
