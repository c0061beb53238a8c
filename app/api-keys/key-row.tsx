import type { ApiKey } from "../../server/contracts/api-keys.ts";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { LocalTime } from "../components/local-time.tsx";
import { type StatusLook, StatusMark } from "../components/status-mark.tsx";
import { words } from "./words.ts";

const looks = {
  live: "good",
  expired: "warning",
  revoked: "over",
} satisfies Record<ApiKey["status"], StatusLook>;

/** One key: its name, its scopes, its last use, and a button that revokes it. */
export function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { id, name, prefix, scopes, status, createdAt, expiresAt, lastUsedAt } = apiKey;
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium wrap-anywhere">{name}</span>
          <StatusMark look={looks[status]}>{words.status[status]}</StatusMark>
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
      {status === "live" ? (
        <ConfirmButton fields={{ intent: "end", id }} words={words.revoke(name)} />
      ) : null}
    </li>
  );
}
