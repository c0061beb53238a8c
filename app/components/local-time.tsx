import { memo, Suspense, useSyncExternalStore } from "react";
import { text } from "../text.ts";

interface LocalTimeProps {
  iso: string;
  dateOnly?: boolean;
  timeOnly?: boolean;
}

/**
 * A moment as date and time. The server cannot know the reader's time zone: the page comes with UTC
 * and turns to local time once it is alive, so that both agree while React takes the page over.
 * That is after all else on the page can be used: a browser's first formatter takes it long. What is
 * pressed before renders it no second time: React would then make it anew, and complain.
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
  // Some versions of ICU put a narrow no-break space before AM and PM, others a plain one.
  const written = formatter(dateOnly, timeOnly, alive)
    .format(new Date(iso))
    .replace(/\u202f/gu, " ");
  return <time dateTime={iso}>{alive || dateOnly ? written : `${written} UTC`}</time>;
}

/** One a kind: making one costs a hundred times more than using it. */
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
