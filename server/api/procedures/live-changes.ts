import { tracked } from "@trpc/server";
import { z } from "zod";
import { FiscilityError } from "../../contracts/errors.ts";
import { type LiveEvent, liveChange, liveChangesInput } from "../../contracts/live.ts";
import { procedure, toTrpcError } from "../trpc.ts";

/** A stream of events. Each event is validated against its own schema when it is sent. */
const changes = z.custom<AsyncIterable<LiveEvent>>(
  (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
);

/**
 * Sends the user's data version at once, unless it equals `lastEventId`, and then after every change. Ends
 * with the session or API key that opened it.
 */
export const liveChanges = procedure({
  summary: "Every change of the connected banks and accounts, as it happens.",
  scope: "accounts:read",
  rest: null,
  event: liveChange,
})
  .input(liveChangesInput)
  .output(changes)
  .subscription(async function* ({ ctx, input, signal }) {
    const { user, apiKey, sessionId, services } = ctx;
    const id = apiKey?.id ?? sessionId;
    if (!id || !signal) throw new Error("a stream needs a session or an API key, and a request");
    const follower = { userId: user.id, by: apiKey ? "apiKey" : "session", id } as const;
    const since = /^\d{1,15}$/.test(input?.lastEventId ?? "") ? Number(input?.lastEventId) : null;
    try {
      for await (const dataVersion of services.live.follow(follower, since, signal)) {
        const event: unknown = tracked(String(dataVersion), liveChange.parse({ dataVersion }));
        yield event as LiveEvent;
      }
    } catch (error) {
      throw error instanceof FiscilityError ? toTrpcError(error) : error;
    }
  });
