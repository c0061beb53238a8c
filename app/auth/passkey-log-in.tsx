import { useState } from "react";
import { Button } from "../components/button.tsx";
import { nextPath } from "./next-path.ts";
import { words } from "./words.ts";

interface PasskeyLogInProps {
  label: string;
  /** Set when the passkey is the second step of a log-in, with whether to trust this browser afterwards. */
  secondStep?: { isTrusted: () => boolean };
}

/** Logs in with a passkey: instead of the password, or as the second step after it. */
export function PasskeyLogIn({ label, secondStep }: PasskeyLogInProps) {
  const [waiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function logIn() {
    if (waiting) return;
    setWaiting(true);
    setProblem(null);
    setProblem(await tryToLogIn(secondStep).catch(() => words.unreachable));
    setWaiting(false);
  }

  return (
    <div className="mt-3 noscript:hidden">
      <Button kind="secondary" busy={waiting} onClick={logIn} className="h-11 w-full">
        {waiting ? words.passkeyWaiting : label}
      </Button>
      {problem ? (
        <p role="alert" className="mt-1.5 text-sm text-danger">
          {problem}
        </p>
      ) : null}
    </div>
  );
}

/**
 * Returns the error to show; null when the user closed the browser's window. Does not return when the page is
 * about to change.
 */
async function tryToLogIn(secondStep: PasskeyLogInProps["secondStep"]): Promise<string | null> {
  const isSecond = secondStep !== undefined;
  const [{ signWithPasskey }, asked] = await Promise.all([
    import("./passkeys.ts"),
    send("passkey/options", { secondStep: isSecond }),
  ]);
  if (!asked.ok) return problemOf(asked);
  const { options } = (await asked.json()) as { options: string };
  const passkey = await signWithPasskey(options);
  if (passkey === null) return null;
  const response = await (isSecond
    ? send("second-step", { passkey, trustDevice: secondStep.isTrusted() })
    : send("passkey/log-in", { passkey }));
  if (!response.ok) return problemOf(response);
  location.assign(nextPath(location.href));
  // Keeps the button busy until the next page is loaded.
  return new Promise(() => {});
}

const send = (path: string, body: object) =>
  fetch(`/api/auth/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Returns the server's message where it is meant for users, for example after too many attempts. */
async function problemOf(response: Response): Promise<string> {
  if (response.status !== 429) return words.passkeyFailed;
  const { message } = (await response.json()) as { message?: string };
  return message ?? words.passkeyFailed;
}
