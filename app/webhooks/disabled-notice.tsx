import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { LocalTime } from "../components/local-time.tsx";
import { ActionForm } from "./action-form.tsx";
import { words } from "./words.ts";

/** Says why nothing is sent to a disabled webhook, with the button that enables it. */
export function DisabledNotice({ webhook: { id, url, disabled } }: { webhook: WebhookEndpoint }) {
  if (!disabled) return null;
  const { button, busy, label } = words.enable;
  return (
    <ActionForm
      action={`/settings/webhooks/${id}`}
      name="intent"
      value="enable"
      button={button}
      busyLabel={busy}
      label={label(url)}
      className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2.5 rounded-xl bg-warn-soft px-4 py-3 text-sm text-warn"
    >
      <p className="min-w-0 grow basis-72">
        {words.gone} <LocalTime iso={disabled.at} />. {words.goneNext}
      </p>
    </ActionForm>
  );
}
