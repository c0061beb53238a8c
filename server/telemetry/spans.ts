/** Values of a span: from closed lists and counts, never a user's id, a token, or a query. */
export type SpanFields = Record<string, string | number | undefined>;

/** An open span. */
export interface OpenSpan {
  setFields(fields: SpanFields): void;
  rename(name: string): void;
  /** Marks it as failed, with one of our reasons or an error's name; never with a message. */
  fail(reason: string): void;
}

/** The destination of spans. */
export interface Spans {
  /** Runs `work` in a child span of the current one. A rejection marks it as failed. */
  inSpan<T>(name: string, fields: SpanFields, work: (span: OpenSpan) => Promise<T>): Promise<T>;
  /** Adds a span that began at `from`, by `performance.now()`, and ends now. */
  addFinished(name: string, from: number, fields?: SpanFields): void;
}

const closed: OpenSpan = { setFields() {}, rename() {}, fail() {} };
const nowhere: Spans = { inSpan: (_name, _fields, work) => work(closed), addFinished() {} };

/**
 * The process's spans: discarded until `traces.ts` exports them. A global, unlike everything else, because a
 * span finds its parent by itself, through every `await`.
 */
export let spans: Spans = nowhere;

/** Sends every span to `target` from now on. Without a target they are discarded. */
export function sendSpans(target: Spans = nowhere): void {
  spans = target;
}
