import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { LocalTime } from "../components/local-time.tsx";
import { ActionForm } from "./action-form.tsx";
import { words } from "./words.ts";

/** Sends a test event; for a disabled webhook, says why nothing is sent and enables it. */
export function WebhookActions({ webhook: { disabled } }: { webhook: WebhookEndpoint }) {
  const { button, busy: busyLabel } = disabled ? words.enable : words.test;
  const value = disabled ? "enable" : "test";
  return (
    <ActionForm name="intent" value={value} button={button} busyLabel={busyLabel} className="mt-4">
      {disabled ? (
        <p className="mb-3">
          {words.gone} <LocalTime iso={disabled.at} />. {words.goneNext}
        </p>
      ) : null}
    </ActionForm>
  );
}
