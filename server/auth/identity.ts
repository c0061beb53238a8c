import type { Scope } from "../contracts/api-keys.ts";
import type { Viewer } from "../contracts/session.ts";

/** A user as a request reads it, with its session or API key. `dataVersion` is part of cache keys (I5). */
export interface User extends Viewer {
  /** They have proved that they receive mail at `email`. */
  emailVerified: boolean;
  plan: string;
  dataVersion: number;
}

/** The caller of a request: by session (`apiKey` null), by API key (`sessionId` null), or unknown. */
export interface Identity {
  user: User | null;
  sessionId: string | null;
  /** The request's API key with all its scopes. */
  apiKey: { id: string; scopes: Scope[] } | null;
}
