import { useFetcher } from "@remix-run/react";
import type { WebhookEndpoint } from "../../server/contracts/webhook-endpoints.ts";
import { Button } from "../components/button.tsx";
import { LocalTime } from "../components/local-time.tsx";
import type { FormResult } from "../settings/form-result.ts";
import { words } from "./words.ts";

/** Sends a test event; for a disabled webhook, says why nothing is sent and enables it. */
export function WebhookActions({ webhook: { disabled } }: { webhook: WebhookEndpoint }) {
  const fetcher = useFetcher<FormResult>();
  const busy = fetcher.state !== "idle";
  const message = fetcher.data?.message;
  const { button, busy: busyLabel } = disabled ? words.enable : words.test;
  return (
    <fetcher.Form
      method="post"
      onSubmit={(submit) => busy && submit.preventDefault()}
      className="mt-4"
    >
      {disabled ? (
        <p className="mb-3">
          {words.gone} <LocalTime iso={disabled.at} />. {words.goneNext}
        </p>
      ) : null}
      <input type="hidden" name="intent" value={disabled ? "enable" : "test"} />
      <Button kind="secondary" type="submit" busy={busy}>
        {busy ? busyLabel : button}
      </Button>
      {message ? (
        <p role="alert" className="mt-1.5 text-sm text-danger">
          {message}
        </p>
      ) : null}
    </fetcher.Form>
  );
}
