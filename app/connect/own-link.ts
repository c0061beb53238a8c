const key = "link";

/** Notes which Link this tab opened last: our id, as the link_token is a secret. */
export function noteOwnLink(linkId: string): void {
  try {
    sessionStorage.setItem(key, linkId);
  } catch {
    // A browser that stores nothing: the server picks the newest Link then.
  }
}

/** The Link that this tab opened last, or null. */
export function readOwnLink(): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
