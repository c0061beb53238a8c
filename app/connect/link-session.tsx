import { useEffect } from "react";
import { type PlaidLinkOnEvent, usePlaidLink } from "react-plaid-link";
import { loadTrpc } from "../trpc.ts";
import type { ConnectEvent, OpenLink } from "./connect-types.ts";
import { toLinkError, toLinkEvent, toLinkMetadata } from "./to-link-metadata.ts";

/** The events that are logged: what the user opened and chose in Link, how it ended and what failed. */
const recordedEvents = new Set(["OPEN", "SELECT_INSTITUTION", "HANDOFF", "ERROR", "EXIT"]);

const onEvent: PlaidLinkOnEvent = (eventName, metadata) => {
  if (!recordedEvents.has(eventName)) return;
  // Analytics: a lost entry must not disturb a user who is connecting a bank.
  loadTrpc()
    .then((trpc) => trpc.plaid.recordLinkEvent.mutate(toLinkEvent(eventName, metadata)))
    .catch(() => {});
};

interface LinkSessionProps {
  run: number;
  link: OpenLink;
  send: (event: ConnectEvent) => void;
}

/**
 * One opening of Link: opens as soon as it is ready, and is destroyed with this component. Link keeps the
 * callbacks of the first render, so the component needs the run as its key. Link's script is loaded before.
 */
export function LinkSession({ run, link, send }: LinkSessionProps) {
  const { open, ready } = usePlaidLink({
    token: link.token,
    ...(link.redirectUri === null ? {} : { receivedRedirectUri: link.redirectUri }),
    onSuccess: (publicToken, metadata) =>
      send({
        type: "succeeded",
        run,
        publicToken: typeof publicToken === "string" ? publicToken || null : null,
        metadata: toLinkMetadata(metadata),
      }),
    onExit: (error, metadata) =>
      send({
        type: "exited",
        run,
        error: toLinkError(error),
        metadata: toLinkMetadata(metadata),
      }),
    onEvent,
  });
  useEffect(() => {
    if (ready) open();
  }, [ready, open]);
  return null;
}
