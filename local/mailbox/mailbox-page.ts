import type { ReceivedMail } from "./received-mail.ts";

/**
 * Renders the mailbox as a page: the text of each mail with clickable links. No script, no external
 * resources.
 */
export function mailboxPage(mails: readonly ReceivedMail[]): string {
  const list = mails.map(article).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Local mailbox (${mails.length})</title>
<style>
  :root { color-scheme: light dark; }
  html { background: Canvas; color: CanvasText; }
  body { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif; }
  article { margin-top: 1.5rem; padding: 1rem 1.25rem; border: 1px solid #8884; border-radius: .75rem; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0; }
  p { margin: .25rem 0 0; } .soft { opacity: .75; font-size: .875rem; }
  pre { margin: 1rem 0 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>Local mailbox</h1>
<p class="soft">Mail that Fiscility sent on this machine, newest first. None of it left. As JSON: <a href="/messages">/messages</a>. <a href="/">Look for new mail</a></p>
${list || "<p>No mail yet.</p>"}
</main>
</body>
</html>
`;
}

const article = ({ to, subject, text, receivedAt }: ReceivedMail) => `<article>
<h2>${escapeHtml(subject)}</h2>
<p class="soft">To ${escapeHtml(to)}, <time datetime="${receivedAt}">${receivedAt.slice(0, 19).replace("T", " ")} UTC</time></p>
<pre>${linked(text)}</pre>
</article>`;

const linked = (text: string) =>
  text
    .split(/(https?:\/\/\S+)/)
    .map((part, at) =>
      at % 2 === 1 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapeHtml(part),
    )
    .join("");

const escapeHtml = (text: string) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
