const key = "link";

/** Stores which Link this tab opened last: our id, because the link_token is secret. */
export function noteOwnLink(linkId: string): void {
  try {
    sessionStorage.setItem(key, linkId);
  } catch {
    // The browser blocks storage: the server uses the newest Link then.
  }
}

/** Returns the Link that this tab opened last, or null. */
export function readOwnLink(): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
