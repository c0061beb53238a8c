import { useFetcher } from "@remix-run/react";
import { useState } from "react";
import type { ApiKey } from "../../server/contracts/api-keys.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { LocalTime } from "../components/local-time.tsx";
import type { FormResult } from "./form-result.ts";
import { words } from "./words.ts";

const looks = {
  live: "bg-accent-soft text-accent",
  expired: "bg-warn-soft text-warn",
  revoked: "bg-sunken text-ink-soft",
} satisfies Record<ApiKey["status"], string>;

/** One key: what it is called, may do and did last; and the way to end it. */
export function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { name, prefix, scopes, status, createdAt, expiresAt, lastUsedAt } = apiKey;
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium wrap-anywhere">{name}</span>
          <span className={`rounded-full px-2 py-0.5 text-xs font-medium ${looks[status]}`}>
            {words.status[status]}
          </span>
        </p>
        <p className="mt-0.5 font-mono text-xs wrap-anywhere text-ink-soft">
          {prefix}_… · {scopes.join(", ")}
        </p>
        <p className="mt-0.5 text-sm text-ink-soft">
          {words.made} <LocalTime iso={createdAt} dateOnly />,{" "}
          {expiresAt ? (
            <>
              {words.expiresOn} <LocalTime iso={expiresAt} dateOnly />
            </>
          ) : (
            words.neverExpires
          )}
          ,{" "}
          {lastUsedAt ? (
            <>
              {words.lastUsed} <LocalTime iso={lastUsedAt} />
            </>
          ) : (
            words.neverUsed
          )}
        </p>
      </div>
      {status === "live" ? <RevokeButton apiKey={apiKey} /> : null}
    </li>
  );
}

/** Once the key is revoked, its dialog goes with it: nothing has the focus then that is about to go. */
function RevokeButton({ apiKey: { id, name } }: { apiKey: ApiKey }) {
  const fetcher = useFetcher<FormResult>();
  const [asking, setAsking] = useState(false);
  const busy = fetcher.state !== "idle";
  const { data } = fetcher;
  const problem = data && "message" in data ? data.message : null;

  return (
    <>
      <Button kind="secondary" aria-label={words.revokeLabel(name)} onClick={() => setAsking(true)}>
        {words.revoke}
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={words.revokeTitle(name)}
        lead={words.revokeLead}
      >
        {problem ? (
          <p role="alert" className="mt-4 text-sm text-danger">
            {problem}
          </p>
        ) : null}
        <fetcher.Form
          method="post"
          className="mt-5 flex flex-wrap justify-end gap-2"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          <input type="hidden" name="intent" value="revoke" />
          <input type="hidden" name="id" value={id} />
          <Button kind="secondary" onClick={() => setAsking(false)}>
            {words.cancel}
          </Button>
          <Button kind="danger" type="submit" busy={busy}>
            {busy ? words.revoking : words.revoke}
          </Button>
        </fetcher.Form>
      </Dialog>
    </>
  );
}
