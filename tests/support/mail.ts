import type { ReceivedMail } from "../../local/mailbox/received-mail.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import type { TestApp } from "./app.ts";
import { until } from "./until.ts";

/** Runs the app's jobs until `stop`, so that mail is sent. */
export const workFor = (app: TestApp) => startWorker(app.services);

/** Reads the mailbox as a script does: over HTTP, newest first. */
export async function mailTo(
  app: Pick<TestApp, "mailbox">,
  email: string,
): Promise<ReceivedMail[]> {
  const response = await fetch(`${app.mailbox.url}/messages?to=${encodeURIComponent(email)}`);
  return (await response.json()) as ReceivedMail[];
}

/** Waits for the newest mail to this address with this subject. */
export async function mailAbout(
  app: Pick<TestApp, "mailbox">,
  email: string,
  subject: string | RegExp,
): Promise<ReceivedMail> {
  let found: ReceivedMail | undefined;
  await until(async () => {
    found = (await mailTo(app, email)).find((mail) => mail.subject.match(subject));
    return found !== undefined;
  });
  return found as ReceivedMail;
}

/** Returns the token in the mail's link. */
export function tokenIn({ links }: Pick<ReceivedMail, "links">): string {
  const token = new URL(links[0] ?? "").searchParams.get("token");
  if (!token) throw new Error("the mail has no link with a token");
  return token;
}

/** Sends a page's form, like a browser without scripts. */
export async function sendForm(
  app: Pick<TestApp, "url">,
  path: string,
  fields: Record<string, string>,
  cookie?: string,
) {
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: cookie === undefined ? {} : { cookie },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, html: await response.text(), headers: response.headers };
}
