import type { FiscilityError } from "./fiscility-error.ts";

/** Overrides of the client's options for one call. */
export interface CallOptions {
  /** Ends the call: `aborted`, or `timed_out` for a signal of `AbortSignal.timeout`. */
  signal?: AbortSignal | undefined;
  /** The timeout of the whole call, including retries and waits. Milliseconds. */
  timeoutMs?: number | undefined;
  /** The maximum number of retries. */
  retries?: number | undefined;
}

/** An optional input still comes first, as in tRPC. */
type Arguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

/** Reads without side effects. */
export interface Query<Input, Output> {
  /** @throws FiscilityError */
  query(...args: Arguments<Input, CallOptions>): Promise<Output>;
}

/** Changes something. */
export interface Mutation<Input, Output> {
  /** @throws FiscilityError */
  mutate(...args: Arguments<Input, CallOptions>): Promise<Output>;
}

/** An event, and the id to continue from as `lastEventId`. */
export interface StreamEvent<Event> {
  id: string;
  data: Event;
}

/** The callbacks of a subscription. */
export interface Subscriber<Event> {
  signal?: AbortSignal | undefined;
  /** The stream has opened, for the first time or again. */
  onStarted?: (() => void) | undefined;
  onData?: ((event: StreamEvent<Event>) => void) | undefined;
  /** The stream has failed permanently. Temporary failures are retried. */
  onError?: ((error: FiscilityError) => void) | undefined;
  /** The server has nothing more to send, or the subscriber left. */
  onComplete?: (() => void) | undefined;
}

/** A stream of events. */
export interface Subscription<Input, Event> {
  /**
   * For `for await`: yields events until the loop is left, the signal aborts or the stream fails permanently.
   * A slow loop gets only the newest event, with the changes of all of them.
   * @throws FiscilityError as in `onError`
   */
  iterate(
    input?: Input,
    options?: Pick<CallOptions, "signal">,
  ): AsyncGenerator<StreamEvent<Event>, void>;
  subscribe(input: Input, subscriber: Subscriber<Event>): { unsubscribe(): void };
}
