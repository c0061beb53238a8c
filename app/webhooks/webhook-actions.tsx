import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { ActionForm } from "./action-form.tsx";
import { DisabledNotice } from "./disabled-notice.tsx";
import { words } from "./words.ts";

/** Sends a test event; for a disabled webhook, says why nothing is sent and enables it. */
export function WebhookActions({ webhook }: { webhook: WebhookEndpoint }) {
  if (webhook.disabled) return <DisabledNotice webhook={webhook} />;
  const { button, busy } = words.test;
  return (
    <ActionForm name="intent" value="test" button={button} busyLabel={busy} className="mt-4" />
  );
}
