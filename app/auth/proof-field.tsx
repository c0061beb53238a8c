import { type ReactNode, useState } from "react";
import { Button } from "../components/button.tsx";
import { loadTrpc } from "../trpc.ts";
import { PasswordField } from "./password-field.tsx";
import { words } from "./words.ts";

/** How a user can prove who they are, beside the password. */
export interface ProofMethods {
  totp: boolean;
  passkey: boolean;
}

interface ProofFieldProps {
  methods: ProofMethods;
  error: string | undefined;
  hint?: string | undefined;
  /** Called when a passkey proved it: the form then needs no field. */
  onProved: () => void;
}

/** Asks for the password, a code or a passkey, in a form that needs proof of who the user is. */
export function ProofField({ methods, error, hint, onProved }: ProofFieldProps): ReactNode {
  const [waiting, setWaiting] = useState(false);
  const [failed, setFailed] = useState(false);

  async function provePasskey() {
    if (waiting) return;
    setWaiting(true);
    setFailed(false);
    try {
      const [{ signWithPasskey }, trpc] = await Promise.all([import("./passkeys.ts"), loadTrpc()]);
      const { options } = await trpc.session.passkeyOptions.mutate();
      const passkey = await signWithPasskey(options);
      if (passkey !== null) {
        await trpc.session.stepUp.mutate({ passkey });
        onProved();
      }
    } catch {
      setFailed(true);
    }
    setWaiting(false);
  }

  return (
    <div>
      <PasswordField
        {...(methods.totp && { label: words.passwordOrCode })}
        autoComplete="current-password"
        maxLength={128}
        error={error}
        {...(hint && { hint })}
      />
      {methods.passkey ? (
        <div className="mt-3 noscript:hidden">
          <Button kind="secondary" busy={waiting} onClick={provePasskey}>
            {waiting ? words.passkeyWaiting : words.passkey}
          </Button>
          {failed ? (
            <p role="alert" className="mt-1.5 text-sm text-danger">
              {words.passkeyFailed}
            </p>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
