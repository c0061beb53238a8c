import { Link } from "@remix-run/react";
import { useState } from "react";
import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { Button } from "../components/button.tsx";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { LocalTime } from "../components/local-time.tsx";
import { type StatusLook, StatusMark } from "../components/status-mark.tsx";
import { SecretDialog } from "../settings/secret-dialog.tsx";
import type { Proof } from "../settings/use-proof.ts";
import { DisabledNotice } from "./disabled-notice.tsx";
import { WebhookUrl } from "./webhook-url.tsx";
import { words } from "./words.ts";

export const looks = {
  delivered: "good",
  waiting: "warning",
  failed: "bad",
} satisfies Record<NonNullable<WebhookEndpoint["last"]>, StatusLook>;

/** One webhook: its URL, its events, the status of its newest delivery, and its actions. */
export function WebhookRow({ webhook, proof }: { webhook: WebhookEndpoint; proof: Proof }) {
  const { id, url, events, createdAt, oldSecretUntil, last, disabled } = webhook;
  return (
    <li className="px-4 py-3.5 sm:px-5">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <span className="font-medium wrap-anywhere">
          <WebhookUrl url={url} />
        </span>
        {disabled ? <StatusMark look="bad">{words.disabled}</StatusMark> : null}
        {last && !disabled ? <StatusMark look={looks[last]}>{words.last[last]}</StatusMark> : null}
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
      <DisabledNotice webhook={webhook} />
      <div className="mt-2.5 flex flex-wrap items-center gap-2">
        <Link
          to={`/settings/webhooks/${id}`}
          aria-label={words.logLabel(url)}
          className="flex hit-area items-center rounded-sm pr-2 text-sm text-link"
        >
          {words.log}
        </Link>
        <ReplaceSecret webhook={webhook} proof={proof} />
        <ConfirmButton fields={{ intent: "end", id }} words={words.remove(url)}>
          <p className="mt-3 font-mono text-sm wrap-anywhere">
            <WebhookUrl url={url} />
          </p>
        </ConfirmButton>
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
      {open ? (
        <SecretDialog words={words.replaceDialog} proof={proof} onClose={() => setOpen(false)}>
          {() => (
            <>
              <input type="hidden" name="intent" value="replace" />
              <input type="hidden" name="id" value={id} />
            </>
          )}
        </SecretDialog>
      ) : null}
    </>
  );
}
