import type { Scope } from "../contracts/api-keys.ts";
import type { Viewer } from "../contracts/session.ts";

/** A user as a request reads it, together with its session or API key; `dataVersion` keys the cache (I5). */
export interface User extends Viewer {
  /** They have shown that mail to `email` reaches them. */
  emailVerified: boolean;
  plan: string;
  dataVersion: number;
}

/** The caller of a request: by session (`apiKey` null), by API key (`sessionId` null), or unknown. */
export interface Identity {
  user: User | null;
  sessionId: string | null;
  /** The key of the request, with all it may do. */
  apiKey: { id: string; scopes: Scope[] } | null;
}
