import { z } from "zod";
import { Secret } from "../vault/secret.ts";

/** The parsed `SMTP_URL`. `secure`: TLS from the first byte; else STARTTLS. */
export interface SmtpAddress {
  host: string;
  port: number;
  secure: boolean;
  user: string | undefined;
  password: Secret | undefined;
}

const expected = "expected smtp://user:password@host:587 or smtps://user:password@host:465";

/**
 * A query string is refused, because mailers read options from it, even one that skips certificate checks.
 */
export const smtpAddress = z.string().transform((text, ctx): SmtpAddress => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const known = url?.protocol === "smtp:" || url?.protocol === "smtps:";
  if (!url?.hostname || !known || url.search || url.hash || !/^\/?$/.test(url.pathname)) {
    ctx.addIssue(expected);
    return z.NEVER;
  }
  const secure = url.protocol === "smtps:";
  const { username, password } = url;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    user: username ? decodeURIComponent(username) : undefined,
    password: password ? new Secret(decodeURIComponent(password)) : undefined,
  };
});

/** `MAIL_FROM`: an address, or `Name <address>`. */
export const mailFrom = z.string().refine((text) => {
  const [, bracketed] = /^[^<>\r\n]+ <([^<>]+)>$/.exec(text) ?? [];
  return z.email().safeParse(bracketed ?? text).success;
}, "expected an address, or Name <address>");

/** Returns the address of a `MAIL_FROM`, without the name. */
export const addressOf = (from: string): string => /<([^<>]+)>$/.exec(from)?.[1] ?? from;

/** Returns the domain of a `MAIL_FROM`. */
export const domainOf = (from: string): string => from.replace(/>$/, "").split("@").at(-1) ?? "";
