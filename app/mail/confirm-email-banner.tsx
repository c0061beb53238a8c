import { Link, useFetcher } from "@remix-run/react";
import { MailCheck } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "../components/button.tsx";
import { words } from "./banner-words.ts";

interface ConfirmEmailBannerProps {
  email: string;
  /** Whether banks can only be connected with a confirmed email. */
  required: boolean;
  state: keyof typeof words.state | null;
}

interface Current {
  verified: boolean;
  state: ConfirmEmailBannerProps["state"];
}

/**
 * Returns the current state; null if it could not be loaded, which changes nothing. It does not use Remix's
 * fetcher: Remix aborts that when the page's data is reloaded, as on each focus, and logs an error to the
 * console.
 */
async function readCurrent(): Promise<Current | null> {
  try {
    const response = await fetch("/confirm-email");
    return response.ok && !response.redirected ? await response.json() : null;
  } catch {
    return null;
  }
}

/**
 * Shown above every page until the email is confirmed: the state of the email with the link, and a button
 * that sends another one.
 */
export function ConfirmEmailBanner({ email, required, state }: ConfirmEmailBannerProps) {
  const fetcher = useFetcher<{ message: string | null }>();
  const [current, setCurrent] = useState<Current | null>(null);
  // The link may have been opened in another tab.
  useEffect(() => {
    const look = () => void readCurrent().then((read) => read && setCurrent(read));
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, []);
  if (current?.verified) return null;
  const busy = fetcher.state === "submitting";
  const now = current?.state ?? state;
  const message =
    fetcher.data && !busy ? (fetcher.data.message ?? words.sentAgain) : now ? words.state[now] : "";
  return (
    <section
      aria-label={words.label}
      className="mb-6 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-warn-soft px-4 py-3 text-sm text-warn"
    >
      <MailCheck className="size-4 shrink-0 max-sm:hidden" aria-hidden="true" />
      <p className="min-w-0 grow basis-72 wrap-anywhere">
        {(required ? words.required : words.optional)(email)} <span role="status">{message}</span>{" "}
        <Link to="/settings/account" className="rounded-sm underline underline-offset-4">
          {words.change}
        </Link>
      </p>
      <fetcher.Form method="post" action="/confirm-email">
        <Button kind="secondary" type="submit" busy={busy}>
          {busy ? words.sending : words.send}
        </Button>
      </fetcher.Form>
    </section>
  );
}
