import { findFactorMethods } from "../../db/second-factors.ts";
import { listSecurityEvents, recordSecurityEvent } from "../../db/security-events.ts";
import { deleteOtherSessions, deleteSession, listSessions } from "../../db/sessions.ts";
import type { Context } from "../api/context.ts";
import { isProved } from "../auth/step-up.ts";
import { deviceOf, shortAddress } from "../auth/where-from.ts";
import type { LoadContext } from "./load-context.ts";

/** Events that the security page shows, newest first. The export has all of them. */
const shownEvents = 200;

/**
 * The viewer's sessions and log-ins, for their own page. They are identified by id: better-auth's endpoints
 * use tokens, and a token must not leave the database again. Empty without a viewer.
 */
export function createPageSessions(context: Context): LoadContext["sessions"] {
  const {
    services: { db },
    user,
    sessionId,
    request,
  } = context;
  const own = user && sessionId !== null ? { userId: user.id, sessionId } : null;
  return {
    async list() {
      const rows = own ? await listSessions(db, own.userId, new Date()) : [];
      return rows.map((row) => ({
        id: row.id,
        device: deviceOf(row.user_agent),
        address: shortAddress(row.ip_address),
        startedAt: row.created_at.toISOString(),
        current: row.id === own?.sessionId,
      }));
    },
    async events() {
      const rows = own ? await listSecurityEvents(db, own.userId, { limit: shownEvents }) : [];
      return rows.map(({ userAgent, ...row }) => ({ ...row, device: deviceOf(userAgent) }));
    },
    async end(id) {
      if (!own) return;
      const { userId } = own;
      const ended = await db.transaction().execute(async (tx) => {
        if (!(await deleteSession(tx, userId, id))) return false;
        await recordSecurityEvent(tx, { userId, kind: "session_ended", origin: request.origin });
        return true;
      });
      if (!ended) return;
      request.log.info(
        { event: "session_ended", userId: own.userId, sessionId: id },
        "Session ended",
      );
    },
    async proof() {
      if (!own) return { proved: false, totp: false, passkey: false };
      const [proved, methods] = await Promise.all([
        isProved(context.services, context),
        findFactorMethods(db, own.userId),
      ]);
      return { proved, ...methods };
    },
    async endOthers() {
      if (!own) return;
      const { userId, sessionId } = own;
      const ended = await db.transaction().execute(async (tx) => {
        const sessions = await deleteOtherSessions(tx, userId, sessionId);
        const details = { sessions: String(sessions) };
        await recordSecurityEvent(tx, {
          userId,
          kind: "other_sessions_ended",
          details,
          origin: request.origin,
        });
        return sessions;
      });
      request.log.info(
        { event: "sessions_ended", userId: own.userId, ended },
        "Other sessions ended",
      );
    },
  };
}
