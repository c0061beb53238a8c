import type { FollowedLink } from "../../db/followed-links.ts";
import type { ConnectionStatus } from "../contracts/connections.ts";
import { disconnected, nothingNew } from "./attempt.ts";

/**
 * Returns the state of a Link. It follows from the attempt or, if the Link ended without its tab, from its
 * outcome. `reason` is one of `contracts/errors.ts`, when it did not connect and the reason is
 * known.
 */
export function linkStateOf(
  link: Pick<FollowedLink, "status" | "outcome" | "reason" | "isFinished"> &
    Pick<FollowedLink, "attemptStatus" | "attemptReason">,
): { at: ConnectionStatus; reason: string | null } {
  const { status, outcome, attemptStatus, attemptReason } = link;
  const isConnected = attemptStatus === "connected" || attemptReason === nothingNew;
  if (status !== "closed" && !isConnected) {
    return { at: status === "finishing" || link.isFinished ? "finishing" : "open", reason: null };
  }
  if (attemptStatus === "started" || attemptStatus === "exchanged") {
    return { at: "finishing", reason: null };
  }
  if (isConnected || connectedOutcomes.has(outcome)) return { at: "connected", reason: null };
  // It was connected and then disconnected.
  if (attemptReason === disconnected) return { at: "ended", reason: null };
  const hasFailed = attemptStatus !== null || failedOutcomes.has(outcome);
  if (!hasFailed) return { at: "ended", reason: null };
  const expired = outcome === "too_late" ? "public_token_invalid" : null;
  return { at: "not_connected", reason: attemptReason ?? link.reason ?? expired };
}

type Outcome = FollowedLink["outcome"];
const connectedOutcomes = new Set<Outcome>(["connected", "already_connected", "reconnected"]);
const failedOutcomes = new Set<Outcome>([
  "not_connected",
  "not_reconnected",
  "not_received",
  "too_late",
]);
