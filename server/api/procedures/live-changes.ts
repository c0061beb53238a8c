import { tracked } from "@trpc/server";
import { z } from "zod";
import type { LivePosition } from "../../../db/live.ts";
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
    const follower = {
      userId: user.id,
      by: apiKey ? "apiKey" : "session",
      id,
      seesTransactions: apiKey?.scopes.includes("transactions:read") ?? true,
    } as const;
    try {
      for await (const news of services.live.follow(follower, readId(input?.lastEventId), signal)) {
        const { dataVersion, changed } = news;
        const data = liveChange.parse({ dataVersion, changed });
        const event: unknown = tracked(writeId(news), data);
        yield event as LiveEvent;
      }
    } catch (error) {
      throw error instanceof FiscilityError ? toTrpcError(error) : error;
    }
  });

/** The id of an event: how far its stream has come, by the versions of the data and of the transactions. */
function writeId({ dataVersion, transactionsVersion }: LivePosition): string {
  return [dataVersion, transactionsVersion ?? []].flat().join(".");
}

/** An id of the release before has no version of the transactions. */
function readId(id = ""): LivePosition | null {
  const [, dataVersion, transactionsVersion] = /^(\d{1,15})(?:\.(\d{1,16}))?$/.exec(id) ?? [];
  if (!dataVersion) return null;
  return {
    dataVersion: Number(dataVersion),
    transactionsVersion: transactionsVersion ? Number(transactionsVersion) : null,
  };
}
