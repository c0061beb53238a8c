import { findAttemptByToken } from "../../db/link-attempts.ts";
import {
  beginFinishing,
  closeLink,
  type DueLink,
  type LinkEnd,
  noteFinished,
} from "../../db/link-tokens.ts";
import type { LinkTokenRow } from "../../db/schema.ts";
import { openedLinkOwner, publicTokenOwner } from "../../db/sealed.ts";
import type { LinkMetadata } from "../contracts/connect.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import type { LinkSession } from "../plaid/link-sessions.ts";
import { isPermanentRejection } from "../plaid/plaid-users.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { Secret } from "../vault/secret.ts";
import { connectAccount } from "./connect-account.ts";
import { findUnreceived } from "./find-unreceived.ts";
import { finishUpdateOfLink } from "./finish-update-of-link.ts";
import { hashOfToken } from "./opened-link.ts";

/**
 * The result of checking a Link. `received`: `onSuccess` arrived after all. `waits`: it was finished a moment
 * ago, and `onSuccess` may still arrive. `unknown`: Plaid has no result yet, or never will. `retry`: it
 * cannot be finished now. `over`: it has expired without a result.
 */
export type LinkCheck = "received" | "finished" | "waits" | "unknown" | "retry" | "over";

/** A Link that could not be connected after this many tries has expired. */
const maxTries = 10;

/**
 * Finds out how one Link ended, and finishes it when `onSuccess` never reached us. It uses an attempt like
 * any other, so a tab that is still open does the same and nothing happens twice. The user is notified of the
 * result.
 *
 * @throws FiscilityError as Plaid's calls, when Plaid fails
 */
export async function finishLink(services: Services, link: DueLink, log: Log): Promise<LinkCheck> {
  if (link.status === "finishing" || link.finished_at !== null) return finish(services, link, log);
  const sessions = await findSessions(services, link);
  if (sessions === null) return end(services, link, null, "over");
  const found = await noteResult(services, link, sessions);
  if (found.at === "received") return end(services, link, null, "received");
  if (found.at === "finished") return found.link ? finish(services, found.link, log) : "waits";
  const unreceived = await findUnreceived(services, link, sessions, log);
  if (unreceived === "waits") return "unknown";
  if (unreceived) return end(services, link, unreceived, "finished");
  return link.isOver ? end(services, link, null, "over") : "unknown";
}

/** Returns null when Plaid does not know the link_token because other keys made it. */
async function findSessions(
  { vault, plaid, limits }: Services,
  { user_id: userId, id, link_token_sealed: sealed }: LinkTokenRow,
): Promise<LinkSession[] | null> {
  if (sealed === null) throw new Error("a Link that is not closed has no link_token");
  const linkToken = vault.open(sealed, openedLinkOwner(userId, id));
  const signal = timeLimitSignal(limits.connectDeadline);
  return plaid.getLinkSessions(linkToken, { signal }).catch((error: unknown) => {
    if (isPermanentRejection(error)) return null;
    throw error;
  });
}

/** Stores the result of Link. `link` is the Link to finish now; null while `onSuccess` may still arrive. */
async function noteResult(
  { db, vault, clock, limits }: Services,
  { user_id: userId, id, item_id: itemId, is_hosted: isHosted }: LinkTokenRow,
  sessions: LinkSession[],
): Promise<{ at: "nothing" | "received" } | { at: "finished"; link: LinkTokenRow | null }> {
  let isReceived = false;
  for (const { added, finishedAt, linkSessionId } of sessions) {
    for (const { publicToken, institution } of added) {
      const hash = hashOfToken(publicToken);
      // The public_token of update mode is not exchanged, so it has no attempt.
      if (itemId === null && (await findAttemptByToken(db, userId, hash))) {
        isReceived = true;
        continue;
      }
      const since = finishedAt === null ? 0 : clock.now().getTime() - finishedAt.getTime();
      const left = Math.min(limits.onSuccess, Math.max(0, limits.onSuccess - since));
      const wait = isHosted ? 0 : left;
      const owner = publicTokenOwner(userId, id);
      const session = {
        publicTokenSealed: itemId === null ? vault.seal(new Secret(publicToken), owner) : null,
        linkSessionId,
        institutionId: institution.id,
        institutionName: institution.name,
      };
      const noted = await noteFinished(db, { user_id: userId, id }, session, wait);
      return { at: "finished", link: wait === 0 ? noted : null };
    }
  }
  return { at: isReceived ? "received" : "nothing" };
}

/** The time for `onSuccess` is over. */
async function finish(services: Services, link: LinkTokenRow, log: Log): Promise<LinkCheck> {
  const { db, vault } = services;
  const { user_id: userId, id, item_id: itemId, public_token_sealed: sealed } = link;
  if (itemId !== null) {
    const result = await finishUpdateOfLink(services, link, itemId, log);
    if (result instanceof FiscilityError) {
      if (mayPass(link, result)) return "retry";
      const { reason } = result as FiscilityError;
      if (reason === "not_found") return end(services, link, null, "over");
      const outcome = reason === "limit_reached" ? "reconnected" : "not_reconnected";
      return end(services, link, { outcome, reason, itemId }, "finished");
    }
    return end(services, link, { outcome: "reconnected", ...result, itemId }, "finished");
  }
  if (sealed === null) return end(services, link, null, "over");
  const publicToken = vault.open(sealed, publicTokenOwner(userId, id)).reveal();
  const isOurs =
    link.status === "finishing" || (await beginFinishing(db, link, hashOfToken(publicToken)));
  return isOurs ? connect(services, link, publicToken, log) : end(services, link, null, "received");
}

/** Connects the bank as `onSuccess` would have. */
async function connect(
  services: Services,
  link: LinkTokenRow,
  publicToken: string,
  log: Log,
): Promise<LinkCheck> {
  const { db } = services;
  const user = { id: link.user_id };
  const metadata = await findMetadata(services, link, publicToken);
  try {
    const request = { publicToken, metadata, isFound: true, foundLinkId: link.id } as const;
    const { item } = await connectAccount(services, user, request, log);
    const attempt = await findAttemptByToken(db, user.id, hashOfToken(publicToken));
    const outcome = attempt?.status === "connected" ? "connected" : "already_connected";
    const { id: itemId, institution } = item;
    return end(services, link, { outcome, institutionName: institution.name, itemId }, "finished");
  } catch (error) {
    if (!(error instanceof FiscilityError)) throw error;
    const known: FiscilityError = error;
    if (mayPass(link, known)) return "retry";
    const { reason } = known;
    const isLate = reason === "public_token_invalid";
    // Plaid's webhook did not name the bank.
    const institutionName = metadata.institution?.name ?? null;
    return end(
      services,
      link,
      isLate
        ? { outcome: "too_late", institutionName }
        : { outcome: "not_connected", reason, institutionName },
      "finished",
    );
  }
}

/**
 * The metadata that Link would have passed. It lists the accounts, so a bank for which the plan has no room
 * is not exchanged.
 */
async function findMetadata(
  services: Services,
  link: LinkTokenRow,
  publicToken: string,
): Promise<LinkMetadata> {
  const sessions = await findSessions(services, link).catch(() => null);
  const success = sessions
    ?.flatMap(({ added }) => added)
    .find((added) => added.publicToken === publicToken);
  return {
    institution: { institutionId: link.institution_id, name: link.institution_name },
    ...(success && {
      institution: { institutionId: success.institution.id, name: success.institution.name },
    }),
    accounts: success?.accounts ?? null,
    linkSessionId: link.link_session_id,
  };
}

async function end(
  { db }: Services,
  link: LinkTokenRow,
  ended: LinkEnd | null,
  result: LinkCheck,
): Promise<LinkCheck> {
  return (await closeLink(db, link, ended)) ? result : "received";
}

/** Whether a retry may succeed. */
const mayPass = ({ tries }: LinkTokenRow, { reason }: FiscilityError): boolean =>
  tries < maxTries &&
  (reasons[reason].retryable || reason === "bank_unavailable" || reason === "outcome_pending");
