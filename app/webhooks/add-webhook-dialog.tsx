import type { WebhookEventType } from "../../server/contracts/webhook-event-types.ts";
import { Field } from "../auth/field.tsx";
import { CheckList } from "../components/check-list.tsx";
import { SecretDialog } from "../settings/secret-dialog.tsx";
import type { Proof } from "../settings/use-proof.ts";
import { words } from "./words.ts";

const events = Object.keys(words.event) as WebhookEventType[];

/** Asks for the URL, its events and a proof; then shows the secret, once. */
export function AddWebhookDialog({ proof, onClose }: { proof: Proof; onClose: () => void }) {
  return (
    <SecretDialog words={words.addDialog} proof={proof} onClose={onClose}>
      {(errors) => (
        <>
          <Field
            name="url"
            type="url"
            label={words.url}
            hint={words.urlHint}
            autoComplete="off"
            maxLength={2000}
            error={errors.url}
          />
          <CheckList
            name="events"
            legend={words.events}
            options={events}
            isChecked={() => true}
            label={(event) => (
              <>
                {words.event[event]}
                <span className="block font-mono text-xs text-ink-soft">{event}</span>
              </>
            )}
            error={errors.events}
          />
        </>
      )}
    </SecretDialog>
  );
}
