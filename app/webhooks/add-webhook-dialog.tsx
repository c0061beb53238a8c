import { useFetcher } from "@remix-run/react";
import { useEffect, useRef } from "react";
import type { WebhookEventType } from "../../server/contracts/webhook-event-types.ts";
import { Field } from "../auth/field.tsx";
import { ProofField } from "../auth/proof-field.tsx";
import { Button } from "../components/button.tsx";
import { CopyOnce } from "../components/copy-once.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { type FormResult, fieldsOf, messageOf, secretOf } from "./form-result.ts";
import { type Proof, useProof } from "./use-proof.ts";
import { words } from "./words.ts";

const events = Object.keys(words.event) as WebhookEventType[];

/** Asks for the address and its events, and for a proof; then shows the secret, this once. */
export function AddWebhookDialog({ proof, onClose }: { proof: Proof; onClose: () => void }) {
  const fetcher = useFetcher<FormResult>();
  const formRef = useRef<HTMLFormElement>(null);
  const { data } = fetcher;
  const fields = fieldsOf(data);
  const { asks, onProved } = useProof(proof, fields.password);

  useEffect(() => {
    if (data) formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [data]);

  const secret = secretOf(data);
  const message = messageOf(data);
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
      <input type="hidden" name="intent" value="add" />
      {message ? <FormAlert>{message}</FormAlert> : null}
      <Field
        name="url"
        type="url"
        label={words.url}
        hint={words.urlHint}
        autoComplete="off"
        maxLength={2000}
        error={fields.url}
      />
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{words.events}</legend>
        {events.map((name) => (
          <label key={name} className="flex hit-area cursor-pointer items-center gap-3 py-0.5">
            <input
              type="checkbox"
              name="events"
              value={name}
              defaultChecked
              aria-invalid={fields.events !== undefined || undefined}
              aria-describedby={fields.events ? "events-error" : undefined}
              className="size-4 shrink-0 accent-accent"
            />
            <span>
              {words.event[name]}
              <span className="block font-mono text-xs text-ink-soft">{name}</span>
            </span>
          </label>
        ))}
        {fields.events ? (
          <p id="events-error" className="mt-1.5 text-sm text-danger">
            {fields.events}
          </p>
        ) : null}
      </fieldset>
      {asks ? (
        <ProofField
          methods={proof}
          hint={words.passwordHint}
          error={fields.password}
          onProved={onProved}
        />
      ) : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onClose()}>
          {words.cancel}
        </Button>
        <Button type="submit" busy={busy}>
          {busy ? words.adding : words.add}
        </Button>
      </div>
    </fetcher.Form>
  );
  return (
    <Dialog
      open
      // A secret that is made by then would be lost.
      stay={busy || secret !== null}
      onOpenChange={(open) => !open && onClose()}
      title={secret === null ? words.add : words.addedTitle}
      lead={secret === null ? words.formLead : words.secretLead}
    >
      {secret === null ? (
        form
      ) : (
        <CopyOnce value={secret} label={words.secret} words={words} onClose={onClose} />
      )}
    </Dialog>
  );
}
