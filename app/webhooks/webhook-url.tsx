import { Fragment } from "react";

/** A webhook's URL, which breaks after a slash where it has to. */
export function WebhookUrl({ url }: { url: string }) {
  // After the two slashes, a break would leave the scheme alone in its line.
  const parts = url.split(/(?<=[^/:]\/)(?!\/)/);
  return (
    <span translate="no">
      {parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts never move
        <Fragment key={at}>
          {part}
          {at < parts.length - 1 ? <wbr /> : null}
        </Fragment>
      ))}
    </span>
  );
}
