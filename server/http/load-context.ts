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
 * How a log-in or sign-up ended. `setCookie`: the Set-Cookie headers to send. `secondStep`: the password was
 * correct, and a second factor is due. `code`: better-auth's code of the error, empty when there is none.
 */
export type AuthResult =
  | { ok: true; setCookie: string[]; secondStep?: boolean }
  | { ok: false; status: number; code: string; message: string };

/** A live session, as its owner sees it. `startedAt` is ISO 8601 UTC. */
export interface PageSession {
  id: string;
  /** "Chrome on macOS", or null when unknown. */
  device: string | null;
  address: string | null;
  startedAt: string;
  /** The session of this request. */
  current: boolean;
}

/** Whether the viewer has proved their identity, and which factors they can use besides the password. */
export interface Proof extends FactorMethods {
  proved: boolean;
}

/** A line of the security history; `device` as in `PageSession`. */
export type PageSecurityEvent = Omit<SecurityEvent, "userAgent"> & Pick<PageSession, "device">;

/** The `context` of every Remix loader and action. */
export interface LoadContext extends Record<string, unknown> {
  /** Procedures, called in-process as the request's user. */
  caller: Caller;
  /**
   * The logged-in user, or null. Throws a Response of 5xx, for the page's error boundary, when we cannot
   * tell.
   */
  viewer: Viewer | null;
  /** The viewer's id; null also when we cannot tell. */
  userId: string | null;
  /** The viewer must set up a second factor before they can do anything else. */
  mustSetUpFactor: boolean;
  /** The viewer's data version, read before all data of a loader; 0 without a viewer. */
  dataVersion: number;
  /**
   * Returns what `load` made of the viewer's accounts at this data version, today (UTC): it runs once, and the
   * result is kept in this process, frozen. Requires a viewer. A rejection is not kept.
   */
  kept<T>(name: string, load: () => Promise<T>): Promise<T>;
  auth: {
    logIn(form: { email: string; password: string }): Promise<AuthResult>;
    signUp(form: { name: string; email: string; password: string }): Promise<AuthResult>;
    /**
     * Returns the factors that can finish this browser's log-in; null when none waits for its second step.
     */
    findPendingLogIn(): Promise<FactorMethods | null>;
    secondStep(form: { code: string; trustDevice: boolean }): Promise<AuthResult>;
    logOut(): Promise<AuthResult>;
    /**
     * Like `logOut`, and also deletes every trace of the user in the browser, after they deleted their
     * account.
     */
    leave(): Promise<AuthResult>;
    changePassword(change: PasswordChange): Promise<AuthResult>;
  };
  /** The viewer's email, and the links mailed to it. */
  email: {
    /** The viewer has proved that they receive mail. */
    verified: boolean;
    /** Without a confirmed email the viewer can neither connect a bank nor create a key. */
    required: boolean;
    /**
     * The state of the mail with the confirmation link; null when there was none, or the email is confirmed.
     */
    state(): Promise<"waiting" | "retrying" | "sent" | "failed" | null>;
    /** Mails that link again. */
    sendLink(): Promise<AuthResult>;
    /** Whether a link works and, while it does, the email that it was mailed to. */
    readLink(
      purpose: LinkPurpose,
      token: string,
    ): Promise<{ state: LinkState; email: string | null }>;
    confirm(token: string): Promise<LinkOutcome>;
    /** Mails a link to reset the password, if a user has the email. */
    requestReset(email: string): Promise<AuthResult>;
    resetPassword(input: {
      token: string;
      newPassword: string;
      revokeKeys: boolean;
    }): Promise<LinkOutcome | { code: string }>;
    /** Mails a link to the new email, which replaces the old one once the link is used. */
    requestChange(input: { newEmail: string; currentPassword: string }): Promise<AuthResult>;
  };
  /** The viewer's notices. A token from the footer of a mail acts for its recipient. */
  notices: {
    list(): Promise<{ kind: NoticeKind; wanted: boolean }[]>;
    choose(wanted: readonly NoticeKind[]): Promise<void>;
    readToken(token: string): NoticeKind | null;
    /** Turns off the token's notice; null when the token is invalid. */
    unsubscribe(token: string): Promise<NoticeKind | null>;
  };
  /** The viewer's requests for larger plans, newest first. */
  planRequests(): Promise<PlanRequest[]>;
  /** The viewer's consents when they connected banks, newest first. */
  consents(): Promise<Consent[]>;
  /** The viewer's own sessions. Another user's id is not found and ends nothing. */
  sessions: {
    list(): Promise<PageSession[]>;
    /**
     * Log-ins, others' wrong passwords and other events of the viewer's account, newest first: at most 200.
     */
    events(): Promise<PageSecurityEvent[]>;
    end(id: string): Promise<void>;
    endOthers(): Promise<void>;
    /**
     * Whether the viewer recently proved their identity in this session. If not, `session.stepUp` does it, by
     * password or by one of their factors.
     */
    proof(): Promise<Proof>;
  };
  /**
   * Where Link's script comes from: Plaid's CDN, or the local sandbox when `local`.
   * https://plaid.com/docs/link/web/
   */
  link: {
    scriptUrl: string;
    local: boolean;
    /** Handles the return from a bank's own site; `server/connect/return-to-link.ts`. */
    returnTo(returned: ReturnFromBank): Promise<LinkReturn>;
    /**
     * Returns Links that ended without their tab and that the viewer has not seen yet. Also checks for more.
     */
    listLinkNews(): Promise<LinkNews[]>;
    markNewsSeen(id: string): Promise<void>;
  };
  /**
   * The viewer's exports, one at a time: each throws a Response of 429 while another runs. Data is read as
   * fast as the response is sent, and no more is read once the client disconnects.
   */
  exports: {
    /** Everything except the transactions. */
    rest(): Promise<DataExport["rest"]>;
    /** Everything, as JSON in parts. `exportedAt` is ISO 8601 UTC. */
    json(): Promise<{ exportedAt: string; parts: AsyncGenerator<string> }>;
    /** The matching transactions, newest first, in chunks. */
    transactions(filter: TransactionFilter): Promise<AsyncGenerator<Transaction[]>>;
  };
  /** Logs why a page could not be shown. */
  report(error: unknown): void;
  /** Users reach us over https only. */
  secure: boolean;
  /** The release of the pages: a hash of their scripts. */
  release: string;
  /** The document that `/api/docs` shows. */
  openApi: OpenApi;
  /** For every script element: the nonce of this response's Content-Security-Policy. */
  nonce: string;
}
