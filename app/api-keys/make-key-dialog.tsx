import { useId } from "react";
import type { Scope } from "../../server/contracts/api-keys.ts";
import { Field } from "../auth/field.tsx";
import { CheckList } from "../components/check-list.tsx";
import { SecretDialog } from "../settings/secret-dialog.tsx";
import type { Proof } from "../settings/use-proof.ts";
import { words } from "./words.ts";

// Does not use the contract's schema: it would add zod to the browser's code.
const scopes = Object.keys(words.scope satisfies Record<Scope, string>) as Scope[];

/** Asks for the scopes of the new key and for a proof; then shows the key, once. */
export function MakeKeyDialog({ proof, onClose }: { proof: Proof; onClose: () => void }) {
  return (
    <SecretDialog words={words.dialog} proof={proof} onClose={onClose}>
      {(errors) => (
        <>
          <Field
            name="name"
            label={words.name}
            hint={words.nameHint}
            autoComplete="off"
            maxLength={100}
            error={errors.name}
          />
          <CheckList
            name="scopes"
            legend={words.scopes}
            options={scopes}
            isChecked={(scope) => scope === "accounts:read"}
            label={(scope) => (
              <>
                {words.scope[scope]}{" "}
                <span className="font-mono text-xs text-ink-soft">{scope}</span>
              </>
            )}
            error={errors.scopes}
          />
          <Expiry />
        </>
      )}
    </SecretDialog>
  );
}

function Expiry() {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {words.expires}
      </label>
      <select
        id={id}
        name="expires"
        defaultValue="90"
        className="h-11 w-full rounded-lg border border-field-line bg-surface px-3 text-base outline-none focus:border-accent focus:ring-3 focus:ring-accent/25"
      >
        {Object.entries(words.expiry).map(([days, label]) => (
          <option key={days} value={days}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}
