import { useFetcher } from "@remix-run/react";
import { useEffect, useId, useRef, useState } from "react";
import type { Scope } from "../../server/contracts/api-keys.ts";
import { Field } from "../auth/field.tsx";
import { ProofField, type ProofMethods } from "../auth/proof-field.tsx";
import { Button } from "../components/button.tsx";
import { CopyOnce } from "../components/copy-once.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import type { FormResult } from "./form-result.ts";
import { words } from "./words.ts";

// Not from the contract's schema, which would bring zod along to the browser.
const scopes = Object.keys(words.scope satisfies Record<Scope, string>) as Scope[];

interface MakeKeyDialogProps {
  /** Whether the user has proved lately who they are, and is not asked, and how they can. */
  proof: ProofMethods & { proved: boolean };
  onClose: () => void;
}

/** Asks what the new key may do, and for the password; then shows the key, this once. */
export function MakeKeyDialog({ proof, onClose }: MakeKeyDialogProps) {
  const fetcher = useFetcher<FormResult>();
  const formRef = useRef<HTMLFormElement>(null);
  const answer = fetcher.data;
  const fields = answer && "fields" in answer ? answer.fields : {};
  // Once asked for it stays: the proof may run out while the dialog is open.
  const [asksPassword, setAsksPassword] = useState(!proof.proved);
  const [answered, setAnswered] = useState(answer);
  if (answer !== answered) {
    setAnswered(answer);
    if (fields.password) setAsksPassword(true);
  }

  useEffect(() => {
    if (answer) formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [answer]);

  const made = answer && "key" in answer ? answer.key : null;
  // Not while the page loads its data again: by then the user may be answering what was wrong.
  const busy = fetcher.state === "submitting";
  const form = (
    <fetcher.Form
      ref={formRef}
      method="post"
      noValidate
      className="mt-5 grid gap-5"
      onSubmit={(event) => busy && event.preventDefault()}
    >
      <input type="hidden" name="intent" value="make" />
      {answer && "message" in answer && answer.message ? (
        <FormAlert>{answer.message}</FormAlert>
      ) : null}
      <Field
        name="name"
        label={words.name}
        hint={words.nameHint}
        autoComplete="off"
        maxLength={100}
        error={fields.name}
      />
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{words.scopes}</legend>
        {scopes.map((name) => (
          <ScopeBox key={name} name={name} wrong={fields.scopes !== undefined} />
        ))}
        {fields.scopes ? (
          <p id="scopes-error" className="mt-1.5 text-sm text-danger">
            {fields.scopes}
          </p>
        ) : null}
      </fieldset>
      <Expiry />
      {asksPassword ? (
        <ProofField
          methods={proof}
          hint={words.passwordHint}
          error={fields.password}
          onProved={() => setAsksPassword(false)}
        />
      ) : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onClose()}>
          {words.cancel}
        </Button>
        <Button type="submit" busy={busy}>
          {busy ? words.making : words.make}
        </Button>
      </div>
    </fetcher.Form>
  );
  return (
    <Dialog
      open
      // A key that is made by then would be live, and its text seen by nobody.
      stay={busy || made !== null}
      onOpenChange={(open) => !open && onClose()}
      title={made === null ? words.make : words.madeTitle}
      lead={made === null ? words.formLead : words.madeLead}
    >
      {made === null ? (
        form
      ) : (
        <CopyOnce value={made} label={words.key} words={words} onClose={onClose} />
      )}
    </Dialog>
  );
}

function ScopeBox({ name, wrong }: { name: Scope; wrong: boolean }) {
  return (
    <label className="flex hit-area cursor-pointer items-center gap-3">
      <input
        type="checkbox"
        name="scopes"
        value={name}
        defaultChecked={name === "accounts:read"}
        aria-invalid={wrong || undefined}
        aria-describedby={wrong ? "scopes-error" : undefined}
        className="size-4 shrink-0 accent-accent"
      />
      <span>
        {words.scope[name]} <span className="font-mono text-xs text-ink-soft">{name}</span>
      </span>
    </label>
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
