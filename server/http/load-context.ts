import type { LinkPurpose } from "../../db/mail-links.ts";
import type { FactorMethods } from "../../db/second-factors.ts";
import type { OpenApi } from "../api/contract/openapi.ts";
import type { Caller } from "../api/router.ts";
import type { PasswordChange } from "../auth/change-password.ts";
import type { LinkOutcome, LinkState } from "../auth/mailed-links.ts";
import type { ReturnFromBank } from "../connect/return-to-link.ts";
import type { Consent } from "../contracts/consents.ts";
import type { LinkNews } from "../contracts/link-news.ts";
import type { LinkReturn } from "../contracts/link-return.ts";
import type { NoticeKind } from "../contracts/mail.ts";
import type { PlanRequest } from "../contracts/plan.ts";
import type { SecurityEvent } from "../contracts/security-events.ts";
import type { Viewer } from "../contracts/session.ts";
import type { Transaction, TransactionFilter } from "../contracts/transactions.ts";
import type { DataExport } from "../users/export-data.ts";

/**
 * How a log-in or sign-up ended. `setCookie` are the Set-Cookie headers to send on; `secondStep`: the password
 * was right, and a second factor is due. `code` is better-auth's name of what was wrong, empty where it gave
 * none.
 */
export type AuthResult =
  | { ok: true; setCookie: string[]; secondStep?: boolean }
  | { ok: false; status: number; code: string; message: string };

/** A log-in that is not over, as its owner sees it. `startedAt` is ISO 8601 UTC. */
export interface PageSession {
  id: string;
  /** "Chrome on macOS", or null when it did not say. */
  device: string | null;
  address: string | null;
  startedAt: string;
  /** The one that asks. */
  current: boolean;
}

/** Whether the viewer has proved who they are, and how they can beside the password. */
export interface Proof extends FactorMethods {
  proved: boolean;
}

/** A line of the security record; `device` as in `PageSession`. */
export type PageSecurityEvent = Omit<SecurityEvent, "userAgent"> & Pick<PageSession, "device">;

/** What every Remix loader and action gets as `context`. */
export interface LoadContext extends Record<string, unknown> {
  /** Procedures, called in-process as the request's own user. */
  caller: Caller;
  /** Who is asking, or null. Throws a Response of 5xx, for the page's error boundary, when we cannot say. */
  viewer: Viewer | null;
  /** As the viewer's id; null also when we cannot say. */
  userId: string | null;
  /** The viewer must set up a second factor before they go on with anything. */
  mustSetUpFactor: boolean;
  /** The viewer's data version, read before anything that a loader reads; 0 for nobody. */
  dataVersion: number;
  auth: {
    logIn(form: { email: string; password: string }): Promise<AuthResult>;
    signUp(form: { name: string; email: string; password: string }): Promise<AuthResult>;
    /** The factors that the log-in in this browser may go on with; null where none waits for its second step. */
    findPendingLogIn(): Promise<FactorMethods | null>;
    secondStep(form: { code: string; trustDevice: boolean }): Promise<AuthResult>;
    logOut(): Promise<AuthResult>;
    /** As `logOut`, and the browser keeps no sign of the person: for one who is no more. */
    leave(): Promise<AuthResult>;
    changePassword(change: PasswordChange): Promise<AuthResult>;
  };
  /** The viewer's email, and the links that are mailed to it. */
  email: {
    /** The viewer has shown that mail reaches them. */
    verified: boolean;
    /** An email that is not confirmed connects no bank and makes no key. */
    required: boolean;
    /** How the mail with the link to confirm it is doing; null when there was none, or it is confirmed. */
    state(): Promise<"waiting" | "retrying" | "sent" | "failed" | null>;
    /** Mails that link again. */
    sendLink(): Promise<AuthResult>;
    /** Whether a link works, and the email that it was mailed to while it does. */
    readLink(
      purpose: LinkPurpose,
      token: string,
    ): Promise<{ state: LinkState; email: string | null }>;
    confirm(token: string): Promise<LinkOutcome>;
    /** Mails a link to choose a new password, where anybody has the email. */
    requestReset(email: string): Promise<AuthResult>;
    resetPassword(input: {
      token: string;
      newPassword: string;
      revokeKeys: boolean;
    }): Promise<LinkOutcome | { code: string }>;
    /** Mails a link to the new email, which takes the place of the old one once the link is used. */
    requestChange(input: { newEmail: string; currentPassword: string }): Promise<AuthResult>;
  };
  /** What the viewer wants mail about; a token of a mail's foot speaks for its reader. */
  notices: {
    list(): Promise<{ kind: NoticeKind; wanted: boolean }[]>;
    choose(wanted: readonly NoticeKind[]): Promise<void>;
    readToken(token: string): NoticeKind | null;
    /** Turns off what the token is about; null when it is none of ours. */
    unsubscribe(token: string): Promise<NoticeKind | null>;
  };
  /** Larger plans that the viewer asked for, newest first. */
  planRequests(): Promise<PlanRequest[]>;
  /** What the viewer agreed to when they connected banks, newest first. */
  consents(): Promise<Consent[]>;
  /** The viewer's own sessions; an id of anybody else's is none of them and ends nothing. */
  sessions: {
    list(): Promise<PageSession[]>;
    /** Log-ins, others' wrong passwords and what else happened to the viewer's account, newest first: at most 200. */
    events(): Promise<PageSecurityEvent[]>;
    end(id: string): Promise<void>;
    endOthers(): Promise<void>;
    /**
     * Whether the viewer proved lately in this session who they are; else `session.stepUp` does it, by password
     * or by a factor that is on.
     */
    proof(): Promise<Proof>;
  };
  /**
   * Where Link comes from. `scriptUrl` is Plaid's CDN script, or the local sandbox's; `local` says
   * which. https://plaid.com/docs/link/web/
   */
  link: {
    scriptUrl: string;
    local: boolean;
    /** What the page that a bank's own site returned to does; `server/connect/return-to-link.ts`. */
    returnTo(returned: ReturnFromBank): Promise<LinkReturn>;
    /** Links that ended without their tab, which the viewer has not been told yet; looks for more of them. */
    readNews(): Promise<LinkNews[]>;
    markTold(id: string): Promise<void>;
  };
  /**
   * What the viewer may take with them, one export at a time: each throws a Response of 429 while
   * another runs. As much is read as the response to this request has taken, and nothing more once
   * nobody reads it.
   */
  exports: {
    /** Everything but the transactions. */
    rest(): Promise<DataExport["rest"]>;
    /** Everything, as JSON in parts. `exportedAt` is ISO 8601 UTC. */
    json(): Promise<{ exportedAt: string; parts: AsyncGenerator<string> }>;
    /** The transactions that fit, newest first, some at a time. */
    transactions(filter: TransactionFilter): Promise<AsyncGenerator<Transaction[]>>;
  };
  /** Writes down why a page could not be shown. */
  report(error: unknown): void;
  /** People reach us by https alone. */
  secure: boolean;
  /** What `/api/docs` shows. */
  openApi: OpenApi;
  /** For every script element, as the Content-Security-Policy of this response asks. */
  nonce: string;
}
