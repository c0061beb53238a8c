import { createHmac, timingSafeEqual } from "node:crypto";
import { type NoticeKind, noticeKind } from "../contracts/mail.ts";
import type { Secret } from "../vault/secret.ts";

const pattern = /^([0-9a-f-]{36})\.([a-z_]{1,40})\.([\w-]{43})$/;

const signature = (secret: Secret, userId: string, kind: string) =>
  createHmac("sha256", secret.reveal()).update(`unsubscribe:${userId}:${kind}`).digest();

/** Returns a token that turns off one kind of notice for a user without a log-in. It never expires. */
export function unsubscribeToken(secret: Secret, userId: string, kind: NoticeKind): string {
  return `${userId}.${kind}.${signature(secret, userId, kind).toString("base64url")}`;
}

/** Returns the user and the notice of a token; null when the token is invalid. */
export function readUnsubscribeToken(
  secret: Secret,
  token: string,
): { userId: string; kind: NoticeKind } | null {
  const [, userId, name, given] = pattern.exec(token) ?? [];
  if (!userId || !name || !given) return null;
  const kind = noticeKind.safeParse(name).data;
  const expected = signature(secret, userId, name);
  const received = Buffer.from(given, "base64url");
  if (!kind || expected.length !== received.length || !timingSafeEqual(expected, received))
    return null;
  return { userId, kind };
}
