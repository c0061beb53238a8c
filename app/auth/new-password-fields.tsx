import type { ReactNode } from "react";
import { words as authWords } from "./page-words.ts";
import { PasswordField } from "./password-field.tsx";

interface NewPasswordFieldsProps {
  error: string | undefined;
  /** Whether the box that revokes all API keys is checked at first. */
  revokesKeys: boolean;
  revokeKeysHint: string;
  /** Other boxes, shown before that one. */
  children?: ReactNode;
}

/** The fields of a form that sets a new password: `newPassword`, and `revokeKeys` if that box is checked. */
export function NewPasswordFields({
  error,
  revokesKeys,
  revokeKeysHint,
  children,
}: NewPasswordFieldsProps) {
  return (
    <>
      <PasswordField
        name="newPassword"
        label={authWords.newPassword}
        hint={authWords.passwordHint}
        autoComplete="new-password"
        error={error}
      />
      <div>
        {children}
        <label className="flex hit-area cursor-pointer items-center gap-3">
          <input
            type="checkbox"
            name="revokeKeys"
            defaultChecked={revokesKeys}
            aria-describedby="revoke-keys-hint"
            className="size-4 shrink-0 accent-accent"
          />
          {authWords.revokeKeys}
        </label>
        <p id="revoke-keys-hint" className="pl-7 text-sm text-ink-soft">
          {revokeKeysHint}
        </p>
      </div>
    </>
  );
}
