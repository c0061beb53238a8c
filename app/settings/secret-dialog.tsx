import { useFetcher } from "@remix-run/react";
import { type ReactNode, useEffect, useRef } from "react";
import { ProofField } from "../auth/proof-field.tsx";
import type { FieldErrors } from "../auth/to-field-errors.ts";
import { Button } from "../components/button.tsx";
import { CopyOnce } from "../components/copy-once.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import type { FormResult } from "./form-result.ts";
import { type Proof, useProof } from "./use-proof.ts";

interface SecretDialogProps {
  words: {
    title: string;
    lead: string;
    proofHint: string;
    submit: string;
    /** The label of the button while the form is sent. */
    busy: string;
    cancel: string;
    /** Shown once the secret is created. */
    madeTitle: string;
    madeLead: string;
    /** The name of the secret, for screen readers. */
    secret: string;
    copy: string;
    copied: string;
    done: string;
  };
  proof: Proof;
  onClose: () => void;
  /** Returns the form's own fields, given their errors. */
  children: (errors: FieldErrors) => ReactNode;
}

/** Asks for the settings of a new secret and for a proof of who the user is; then shows the secret, once. */
export function SecretDialog({ words, proof, onClose, children }: SecretDialogProps) {
  const fetcher = useFetcher<FormResult>();
  const formRef = useRef<HTMLFormElement>(null);
  const { data } = fetcher;
  const { secret, message, fields = {} } = data ?? {};
  const { asks, onProved } = useProof(proof, fields.password);

  useEffect(() => {
    if (data) formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [data]);

  // False while the page reloads its data: by then the user may be correcting an error.
  const busy = fetcher.state === "submitting";
  const made = secret !== undefined;
  return (
    <Dialog
      open
      // The secret is already valid, and closing the dialog would lose it.
      stay={busy || made}
      onOpenChange={(open) => !open && onClose()}
      title={made ? words.madeTitle : words.title}
      lead={made ? words.madeLead : words.lead}
    >
      {made ? (
        <CopyOnce value={secret} label={words.secret} words={words} onClose={onClose} />
      ) : (
        <fetcher.Form
          ref={formRef}
          method="post"
          noValidate
          className="mt-5 grid gap-5"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          {message ? <FormAlert>{message}</FormAlert> : null}
          {children(fields)}
          {asks ? (
            <ProofField
              methods={proof}
              hint={words.proofHint}
              error={fields.password}
              onProved={onProved}
            />
          ) : null}
          <div className="flex flex-wrap justify-end gap-2">
            <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onClose()}>
              {words.cancel}
            </Button>
            <Button type="submit" busy={busy}>
              {busy ? words.busy : words.submit}
            </Button>
          </div>
        </fetcher.Form>
      )}
    </Dialog>
  );
}
