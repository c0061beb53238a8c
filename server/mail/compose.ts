import type { MailDetails, MailKind } from "../contracts/mail.ts";
import { type MailText, mailTexts } from "./texts.ts";

/** The links of a mail. `token` is added to the button's link; `unsubscribeUrl` is in the footer. */
export interface MailLinks {
  appUrl: string;
  token: string | null;
  unsubscribeUrl: string | null;
}

/** Returns the subject and both bodies of a mail; the text body is for readers without HTML. */
export function composeMail<Kind extends MailKind>(
  kind: Kind,
  details: MailDetails[Kind],
  name: string,
  { appUrl, token, unsubscribeUrl }: MailLinks,
): { subject: string; text: string; html: string } {
  const { subject, paragraphs, button }: MailText = mailTexts[kind](details);
  const greeting = `Hello ${name},`;
  const href = button && `${appUrl}${button.path}${token ? `?token=${token}` : ""}`;
  const foot = unsubscribeUrl
    ? { line: "Do you not want mail about this?", label: "Turn it off", href: unsubscribeUrl }
    : null;
  const text = [
    greeting,
    ...paragraphs,
    ...(button ? [`${button.label}:\n${href}`] : []),
    "Fiscility",
    ...(foot ? [`${foot.line} ${foot.label}:\n${foot.href}`] : []),
  ].join("\n\n");
  return { subject: oneLine(subject), text: `${text}\n`, html: toHtml() };

  function toHtml(): string {
    const p = (content: string) =>
      `<p style="margin:0 0 16px;line-height:1.5;overflow-wrap:anywhere">${content}</p>`;
    const action =
      button && href
        ? [
            p(
              `<a href="${escapeHtml(href)}" style="display:inline-block;padding:10px 18px;border-radius:8px;background:#14532d;color:#ffffff;text-decoration:none;font-weight:600">${escapeHtml(button.label)}</a>`,
            ),
            p(`<small>Or open this address:<br>${escapeHtml(href)}</small>`),
          ]
        : [];
    const end = foot
      ? `<p style="margin:24px 0 0;color:#57534e;font-size:13px">${escapeHtml(foot.line)} <a href="${escapeHtml(foot.href)}" style="color:#57534e">${escapeHtml(foot.label)}</a></p>`
      : "";
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:24px 16px;background:#f5f5f4;color:#1c1917;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:16px">
<div style="max-width:520px;margin:0 auto;padding:28px 24px;border-radius:12px;background:#ffffff">
${[p(escapeHtml(greeting)), ...paragraphs.map((line) => p(escapeHtml(line))), ...action, p("Fiscility")].join("\n")}
${end}</div></body></html>
`;
  }
}

/** A header is one line, and a bank's name could contain a line break. */
const oneLine = (line: string) => line.replace(/\s+/g, " ").slice(0, 200);

const escapeHtml = (text: string) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
