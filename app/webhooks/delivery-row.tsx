import type { WebhookDelivery } from "../../server/contracts/webhook-endpoints.ts";
import { LocalTime } from "../components/local-time.tsx";
import { StatusMark } from "../components/status-mark.tsx";
import { ActionForm } from "./action-form.tsx";
import { looks } from "./webhook-row.tsx";
import { words } from "./words.ts";

/** One delivery: its event, its status, what was sent, and a button that sends it again. */
export function DeliveryRow({
  delivery,
  isDisabled,
}: {
  delivery: WebhookDelivery;
  isDisabled: boolean;
}) {
  const { id, event, status, attempts, httpStatus, error, createdAt, nextAttemptAt, body } =
    delivery;
  const why = error === null || error === "status" ? null : words.error[error];
  const response = [httpStatus === null ? null : `HTTP ${httpStatus}`, why].filter(Boolean);
  return (
    <li className="flex flex-wrap items-start gap-x-6 gap-y-3 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-mono text-sm font-medium wrap-anywhere">{event}</span>
          <StatusMark look={looks[status]}>{words.status[status]}</StatusMark>
        </p>
        <p className="mt-0.5 text-sm text-ink-soft">
          <LocalTime iso={createdAt} />
          {attempts > 0 ? `, ${words.attempts(attempts)}` : ""}
          {response.map((part) => `, ${part}`)}
          {nextAttemptAt ? (
            <>
              , {words.next} <LocalTime iso={nextAttemptAt} />
            </>
          ) : null}
        </p>
        <details className="-mb-2">
          <summary className="w-fit cursor-pointer rounded-sm text-sm leading-9 text-link pointer-coarse:leading-11">
            {words.body}
          </summary>
          <pre className="mb-2 rounded-lg bg-sunken p-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap">
            {`webhook-id: ${id}\n\n${body}`}
          </pre>
        </details>
      </div>
      {status === "waiting" || isDisabled ? null : (
        <ActionForm
          name="id"
          value={id}
          button={words.again}
          busyLabel={words.sending}
          label={words.againLabel(event)}
        />
      )}
    </li>
  );
}
