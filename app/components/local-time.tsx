import { memo, Suspense, useSyncExternalStore } from "react";
import { text } from "../text.ts";

interface LocalTimeProps {
  iso: string;
  dateOnly?: boolean;
  timeOnly?: boolean;
}

/**
 * A date and time. The server does not know the user's time zone, so the page is rendered in UTC, which makes
 * server and browser agree while React hydrates. It changes to local time afterwards, when everything else on
 * the page is usable, because a browser's first formatter is slow. It is memoized, because React reports an
 * error and renders it again from scratch if it is rendered before that.
 */
export const LocalTime = memo(function LocalTime(props: LocalTimeProps) {
  return (
    <Suspense>
      <Moment {...props} />
    </Suspense>
  );
});

function Moment({ iso, dateOnly = false, timeOnly = false }: LocalTimeProps) {
  const alive = useSyncExternalStore(
    noSubscription,
    () => true,
    () => false,
  );
  // Some versions of ICU put a narrow no-break space before AM and PM, others a plain space.
  const written = formatter(dateOnly, timeOnly, alive)
    .format(new Date(iso))
    .replace(/\u202f/gu, " ");
  return <time dateTime={iso}>{alive || dateOnly ? written : `${written} UTC`}</time>;
}

/** One per format: creating one costs a hundred times more than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(dateOnly: boolean, timeOnly: boolean, alive: boolean): Intl.DateTimeFormat {
  const key = `${dateOnly} ${timeOnly} ${alive}`;
  const existing = formatters.get(key);
  if (existing) return existing;
  const made = new Intl.DateTimeFormat(text.locale, {
    ...(timeOnly ? {} : { year: "numeric", month: "short", day: "numeric" }),
    ...(dateOnly ? {} : { hour: "numeric", minute: "2-digit" }),
    ...(alive ? {} : { timeZone: "UTC" }),
  });
  formatters.set(key, made);
  return made;
}

function noSubscription() {
  return () => {};
}
