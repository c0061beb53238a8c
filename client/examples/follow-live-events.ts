// Lists the banks, then again whenever something about them changes, until it is interrupted.
//   FISCILITY_API_KEY=fsk_… npx tsx node_modules/@fiscility/client/examples/follow-live-events.ts
// LAST_EVENT_ID=7.0, as it printed it, continues where an earlier run stopped: it prints nothing until something changes.
import { createClient, isFiscilityError } from "@fiscility/client";

const { FISCILITY_URL = "http://localhost:3000", FISCILITY_API_KEY = "" } = process.env;
const { LAST_EVENT_ID: lastEventId } = process.env;

const client = createClient({ baseUrl: FISCILITY_URL, apiKey: FISCILITY_API_KEY });

// The first event arrives at once. After a lost connection the stream is reopened from its last event.
const subscription = client.live.changes.subscribe(lastEventId ? { lastEventId } : undefined, {
  onData({ id }) {
    list(id).catch(stop);
  },
  onError: stop,
});
process.on("SIGINT", () => subscription.unsubscribe());
process.on("SIGTERM", () => subscription.unsubscribe());

async function list(eventId: string): Promise<void> {
  const { items } = await client.accounts.list.query();
  const banks = items.map(
    ({ institution, accounts }) => `${institution.name} (${accounts.length})`,
  );
  console.log(`${eventId}: ${banks.join(", ") || "no banks yet"}`);
}

/** A stream ends only for a permanent reason: a revoked key, a wrong address. */
function stop(error: unknown): void {
  if (!isFiscilityError(error)) throw error;
  console.error(`${error.reason}: ${error.message}`);
  process.exitCode = 1;
  subscription.unsubscribe();
}
