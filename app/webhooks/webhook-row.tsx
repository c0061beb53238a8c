import { Link, useFetcher } from "@remix-run/react";
import { useState } from "react";
import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { ProofField } from "../auth/proof-field.tsx";
import { Button } from "../components/button.tsx";
import { CopyOnce } from "../components/copy-once.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { LocalTime } from "../components/local-time.tsx";
import { type FormResult, fieldsOf, messageOf, secretOf } from "./form-result.ts";
import { type Proof, useProof } from "./use-proof.ts";
import { words } from "./words.ts";

export const looks = {
  delivered: "bg-accent-soft text-accent",
  waiting: "bg-warn-soft text-warn",
  failed: "bg-danger-soft text-danger",
} satisfies Record<NonNullable<WebhookEndpoint["last"]>, string>;

/** One webhook: where it goes, what it gets, how its newest delivery stands; and what can be done with it. */
export function WebhookRow({ webhook, proof }: { webhook: WebhookEndpoint; proof: Proof }) {
  const { id, url, events, createdAt, oldSecretUntil, last } = webhook;
  return (
    <li className="px-4 py-3.5 sm:px-5">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <span className="font-medium wrap-anywhere">{url}</span>
        {last ? (
          <span className={`rounded-full px-2 py-0.5 text-xs font-medium ${looks[last]}`}>
            {words.last[last]}
          </span>
        ) : null}
      </p>
      <p className="mt-0.5 font-mono text-xs wrap-anywhere text-ink-soft">{events.join(", ")}</p>
      <p className="mt-0.5 text-sm text-ink-soft">
        {words.added} <LocalTime iso={createdAt} dateOnly />
        {last ? null : `, ${words.none.toLowerCase()}`}
        {oldSecretUntil ? (
          <>
            . {words.oldSecret} <LocalTime iso={oldSecretUntil} />
          </>
        ) : null}
      </p>
      <div className="mt-2.5 flex flex-wrap items-center gap-2">
        <Link
          to={`/settings/webhooks/${id}`}
          aria-label={words.logLabel(url)}
          className="flex hit-area items-center rounded-sm pr-2 text-sm text-link"
        >
          {words.log}
        </Link>
        <ReplaceSecret webhook={webhook} proof={proof} />
        <RemoveButton webhook={webhook} />
      </div>
    </li>
  );
}

function ReplaceSecret({
  webhook: { id, url },
  proof,
}: {
  webhook: WebhookEndpoint;
  proof: Proof;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="secondary" aria-label={words.replaceLabel(url)} onClick={() => setOpen(true)}>
        {words.replace}
      </Button>
      {open ? <ReplaceDialog id={id} proof={proof} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function ReplaceDialog({ id, proof, onClose }: { id: string; proof: Proof; onClose: () => void }) {
  const fetcher = useFetcher<FormResult>();
  const { data } = fetcher;
  const fields = fieldsOf(data);
  const { asks, onProved } = useProof(proof, fields.password);
  const busy = fetcher.state === "submitting";
  const secret = secretOf(data);
  const message = messageOf(data);
  return (
    <Dialog
      open
      stay={busy || secret !== null}
      onOpenChange={(open) => !open && onClose()}
      title={secret === null ? words.replaceTitle : words.addedTitle}
      lead={secret === null ? words.replaceLead : words.secretLead}
    >
      {secret === null ? (
        <fetcher.Form
          method="post"
          noValidate
          className="mt-5 grid gap-5"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          <input type="hidden" name="intent" value="replace" />
          <input type="hidden" name="id" value={id} />
          {message ? <FormAlert>{message}</FormAlert> : null}
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
              {busy ? words.replacing : words.replace}
            </Button>
          </div>
        </fetcher.Form>
      ) : (
        <CopyOnce value={secret} label={words.secret} words={words} onClose={onClose} />
      )}
    </Dialog>
  );
}

/** Once it is removed, its dialog goes with it: nothing has the focus then that is about to go. */
function RemoveButton({ webhook: { id, url } }: { webhook: WebhookEndpoint }) {
  const fetcher = useFetcher<FormResult>();
  const [asking, setAsking] = useState(false);
  const busy = fetcher.state !== "idle";
  const message = messageOf(fetcher.data);
  return (
    <>
      <Button kind="secondary" aria-label={words.removeLabel(url)} onClick={() => setAsking(true)}>
        {words.remove}
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={words.removeTitle}
        lead={words.removeLead}
      >
        <p className="mt-3 font-mono text-sm wrap-anywhere">{url}</p>
        {message ? (
          <p role="alert" className="mt-4 text-sm text-danger">
            {message}
          </p>
        ) : null}
        <fetcher.Form
          method="post"
          className="mt-5 flex flex-wrap justify-end gap-2"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          <input type="hidden" name="intent" value="remove" />
          <input type="hidden" name="id" value={id} />
          <Button kind="secondary" onClick={() => setAsking(false)}>
            {words.cancel}
          </Button>
          <Button kind="danger" type="submit" busy={busy}>
            {busy ? words.removing : words.remove}
          </Button>
        </fetcher.Form>
      </Dialog>
    </>
  );
}
