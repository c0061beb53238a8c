import type { Viewer } from "../contracts/session.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** A logged-in person, read with the session in one go; `dataVersion` keys the cache (I5). */
export interface User extends Viewer {
  plan: string;
  dataVersion: number;
}

/** What every procedure is called with. `requestId` is in the log line and in every error. */
export interface Context {
  services: Services;
  user: User | null;
  requestId: string;
  log: Log;
}
