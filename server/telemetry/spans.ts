/** Values of a span: from closed lists and counts, never an id of a person, a token, or a query. */
export type SpanFields = Record<string, string | number | undefined>;

/** What a span can be told while it lasts. */
export interface OpenSpan {
  tell(fields: SpanFields): void;
  rename(name: string): void;
  /** It failed, for one of our reasons or an error's name; never with a message. */
  fail(reason: string): void;
}

/** Where spans go. */
export interface Spans {
  /** Runs `work` as a span below the one that is open; a rejection fails it. */
  inSpan<T>(name: string, fields: SpanFields, work: (span: OpenSpan) => Promise<T>): Promise<T>;
  /** A span that has just ended and began at `from`, by `performance.now()`. */
  past(name: string, from: number, fields?: SpanFields): void;
}

const closed: OpenSpan = { tell() {}, rename() {}, fail() {} };
const nowhere: Spans = { inSpan: (_name, _fields, work) => work(closed), past() {} };

/**
 * The process's spans: nowhere, until `traces.ts` sends them on. Not handed down like everything
 * else, as a span finds the one it belongs to by itself, through every `await`.
 */
export let spans: Spans = nowhere;

/** Sends every span to `target` from here on; without one, nowhere. */
export function sendSpans(target: Spans = nowhere): void {
  spans = target;
}
