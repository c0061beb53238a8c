import type { Migration } from "kysely";
import * as peopleAndPlans from "./001_people_and_plans.ts";
import * as connections from "./002_connections.ts";
import * as apiKeys from "./006_api_keys.ts";
import * as live from "./008_live.ts";

/** Every migration in order: numbered, forward only, never changed once it has landed. */
export const migrations: Record<string, Migration> = {
  "001_people_and_plans": peopleAndPlans,
  "002_connections": connections,
  "006_api_keys": apiKeys,
  "008_live": live,
};
