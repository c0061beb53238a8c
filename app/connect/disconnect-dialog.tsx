import { type FormEvent, useEffect, useRef, useState } from "react";
import { disconnectPhrase, isPhrase } from "../../server/contracts/phrases.ts";
import { Field } from "../auth/field.tsx";
import { ProofField, type ProofMethods } from "../auth/proof-field.tsx";
import { toProof } from "../auth/to-proof.ts";
import { words as proofWords } from "../auth/words.ts";
import { Button } from "../components/button.tsx";
import { words as confirmWords } from "../components/confirm-words.ts";
import { Consequences } from "../components/consequences.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { Reference } from "../components/reference.tsx";
import { showSuccess } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { type Failure, toFailure } from "../failure.ts";
import { text } from "../text.ts";
import { loadTrpc } from "../trpc.ts";
import { announceAccounts } from "./account-news.ts";
import { words } from "./disconnect-words.ts";

/** Reasons that are shown at the proof's field. */
const aboutProof = new Set<Failure["reason"]>([
  "password_incorrect",
  "code_incorrect",
  "too_many_attempts",
]);

interface DisconnectDialogProps {
  item: ShownItem;
  open: boolean;
  onClose: () => void;
}

/** Lists what is removed and what is kept, and asks for a phrase. Loaded when it is opened. */
export function DisconnectDialog({ item, open, onClose }: DisconnectDialogProps) {
  const [busy, setBusy] = useState(false);
  const removed = useRef(false);
  return (
    <Dialog
      open={open}
      openerGoes={removed}
      onOpenChange={(open) => open || busy || onClose()}
      title={words.title(item.bank)}
      lead={words.lead}
    >
      <Form
        item={item}
        busy={busy}
        setBusy={setBusy}
        onCancel={onClose}
        onRemoved={() => {
          removed.current = true;
          setBusy(false);
          onClose();
        }}
      />
    </Dialog>
  );
}

interface FormProps {
  item: ShownItem;
  busy: boolean;
  setBusy: (busy: boolean) => void;
  onCancel: () => void;
  onRemoved: () => void;
}

function Form({ item, busy, setBusy, onCancel, onRemoved }: FormProps) {
  const [mismatch, setMismatch] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  // Set once the server has asked for a proof: it does not within ten minutes of another one.
  const [methods, setMethods] = useState<ProofMethods | null>(null);
  const [wrong, setWrong] = useState<string | undefined>();
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (methods) element.current?.querySelector<HTMLElement>("[name=password]")?.focus();
  }, [methods]);
  const bank = item.bank;
  const phrase = disconnectPhrase(bank);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget;
    const confirmation = String(new FormData(form).get("confirmation") ?? "");
    const fits = isPhrase(confirmation, phrase);
    setMismatch(!fits);
    setFailure(null);
    if (!fits) {
      form.querySelector<HTMLElement>("[name=confirmation]")?.focus();
      return;
    }
    const typed = new FormData(form).get("password");
    setWrong(typed === "" ? proofWords.proofEmpty : undefined);
    if (typed === "") return;
    setBusy(true);
    try {
      const trpc = await loadTrpc();
      if (typed !== null) await trpc.session.stepUp.mutate(toProof(String(typed)));
      await trpc.items.disconnect.mutate({ itemId: item.id, confirmation });
    } catch (error) {
      const known = toFailure(error);
      // It was removed in another tab, or by an earlier call whose response was lost.
      if (known.reason !== "not_found") {
        if (known.reason === "step_up_required") await ask();
        else if (aboutProof.has(known.reason)) setWrong(known.message);
        else setFailure(known);
        setBusy(false);
        return;
      }
    }
    showSuccess("connect", words.done(bank));
    announceAccounts(null);
    // The card disappears when the data is loaded again, which a lost network or another release delays.
    onRemoved();
  }

  async function ask() {
    try {
      const trpc = await loadTrpc();
      const { totpSince, passkeys } = await trpc.secondFactors.list.query();
      setMethods({ totp: totpSince !== null, passkey: passkeys.length > 0 });
    } catch (error) {
      setFailure(toFailure(error));
    }
  }

  return (
    <form ref={element} onSubmit={submit} noValidate className="mt-5 grid gap-5">
      <Consequences
        goes={[words.accounts(item.accountsLabel), words.access]}
        stays={[words.atBank, words.activity]}
      />
      {failure ? (
        <FormAlert>
          <p>{failure.message}</p>
          {failure.requestId ? <Reference value={failure.requestId} className="mt-1" /> : null}
        </FormAlert>
      ) : null}
      <Field
        name="confirmation"
        label={confirmWords.phrase(phrase)}
        error={mismatch ? confirmWords.mismatch : undefined}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={400}
        readOnly={busy}
      />
      {methods ? (
        <ProofField
          methods={methods}
          hint={proofWords.proofNeeded}
          error={wrong}
          onProved={() => setMethods(null)}
        />
      ) : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onCancel()}>
          {words.cancel}
        </Button>
        <Button kind="danger" type="submit" busy={busy}>
          {busy ? words.busy : text.disconnect.button}
        </Button>
      </div>
    </form>
  );
}
