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
    /** On the button while the form is sent. */
    busy: string;
    cancel: string;
    /** Once it is made. */
    madeTitle: string;
    madeLead: string;
    /** What the secret is, for a screen reader. */
    secret: string;
    copy: string;
    copied: string;
    done: string;
  };
  proof: Proof;
  onClose: () => void;
  /** The form's own fields, given what is wrong with each of them. */
  children: (errors: FieldErrors) => ReactNode;
}

/** Asks for what makes a secret, and for a proof of who is asking; then shows the secret, this once. */
export function SecretDialog({ words, proof, onClose, children }: SecretDialogProps) {
  const fetcher = useFetcher<FormResult>();
  const formRef = useRef<HTMLFormElement>(null);
  const { data } = fetcher;
  const { secret, message, fields = {} } = data ?? {};
  const { asks, onProved } = useProof(proof, fields.password);

  useEffect(() => {
    if (data) formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [data]);

  // Not while the page loads its data again: by then the user may be correcting what was wrong.
  const busy = fetcher.state === "submitting";
  const made = secret !== undefined;
  return (
    <Dialog
      open
      // The secret works from the moment it is made, and nobody would have seen it.
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
