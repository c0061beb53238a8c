import { useSyncExternalStore } from "react";

/**
 * A moment as date and time. The server cannot know the reader's time zone: the page comes with UTC
 * and turns to local time once it is alive, so that both agree while React takes the page over.
 */
export function LocalTime({
  iso,
  dateOnly = false,
  timeOnly = false,
}: {
  iso: string;
  dateOnly?: boolean;
  timeOnly?: boolean;
}) {
  const alive = useSyncExternalStore(
    noSubscription,
    () => true,
    () => false,
  );
  const options: Intl.DateTimeFormatOptions = {
    ...(timeOnly ? {} : { year: "numeric", month: "short", day: "numeric" }),
    ...(dateOnly ? {} : { hour: "numeric", minute: "2-digit" }),
    ...(alive ? {} : { timeZone: "UTC" }),
  };
  // Some versions of ICU put a narrow no-break space before AM and PM, others a plain one.
  const written = new Intl.DateTimeFormat("en-US", options)
    .format(new Date(iso))
    .replace(/\u202f/gu, " ");
  return <time dateTime={iso}>{alive || dateOnly ? written : `${written} UTC`}</time>;
}

function noSubscription() {
  return () => {};
}
