import type { FiscilityError } from "./fiscility-error.ts";

/** What one call may differ in from the client's options. */
export interface CallOptions {
  /** Ends the call: `aborted`, or `timed_out` when the signal is of `AbortSignal.timeout`. */
  signal?: AbortSignal | undefined;
  /** The whole call ends within this, retries and waits included. Milliseconds. */
  timeoutMs?: number | undefined;
  /** Times the call is sent again at most. */
  retries?: number | undefined;
}

/** An input that may be left out comes first all the same, as tRPC has it. */
type Arguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

/** Reads, and changes nothing. */
export interface Query<Input, Output> {
  /** @throws FiscilityError */
  query(...args: Arguments<Input, CallOptions>): Promise<Output>;
}

/** Changes something. */
export interface Mutation<Input, Output> {
  /** @throws FiscilityError */
  mutate(...args: Arguments<Input, CallOptions>): Promise<Output>;
}

/** An event, and the id to go on from as `lastEventId`. */
export interface StreamEvent<Event> {
  id: string;
  data: Event;
}

/** What a subscriber is called with. */
export interface Subscriber<Event> {
  signal?: AbortSignal | undefined;
  /** The stream is open, for the first time or again. */
  onStarted?: (() => void) | undefined;
  onData?: ((event: StreamEvent<Event>) => void) | undefined;
  /** The stream is over, for good: what can get better is retried. */
  onError?: ((error: FiscilityError) => void) | undefined;
  /** The server has nothing more to send, or the subscriber left. */
  onComplete?: (() => void) | undefined;
}

/** A stream of events. */
export interface Subscription<Input, Event> {
  /**
   * For `for await`: the events until the loop is left, the signal aborts or the stream is over for good. A slow loop
   * gets the newest event, with what all of them say has changed.
   * @throws FiscilityError as `onError` is called with
   */
  iterate(
    input?: Input,
    options?: Pick<CallOptions, "signal">,
  ): AsyncGenerator<StreamEvent<Event>, void>;
  subscribe(input: Input, subscriber: Subscriber<Event>): { unsubscribe(): void };
}
