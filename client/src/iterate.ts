import type { CallOptions, StreamEvent, Subscriber } from "./call.ts";
import type {
  ChangedObjects,
  LiveChange,
  Transaction,
  TransactionChanges,
  TransactionChangesInput,
  TransactionsListInput,
} from "./objects.ts";
import type { Procedures } from "./procedures.ts";

/** The default number of transactions or changes per page: the most that the server returns. */
const pageSize = 500;

/** Yields every matching transaction; the next page is requested when the loop needs it. */
export async function* iterateTransactions(
  list: Procedures["transactions"]["list"],
  filter: Omit<TransactionsListInput, "cursor">,
  options: CallOptions,
): AsyncGenerator<Transaction, void> {
  let cursor: string | undefined;
  do {
    const page = await list.query({ limit: pageSize, ...filter, cursor }, options);
    yield* page.transactions;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** Yields the pages of changes up to the newest; the next page is requested when the loop needs it. */
export async function* iterateChanges(
  changes: Procedures["transactions"]["changes"],
  input: TransactionChangesInput,
  options: CallOptions,
): AsyncGenerator<TransactionChanges, void> {
  let { since } = input;
  let hasMore = true;
  while (hasMore) {
    const page = await changes.query({ limit: pageSize, ...input, since }, options);
    since = page.cursor;
    hasMore = page.hasMore;
    yield page;
  }
}

/**
 * The events of live changes, until the loop is left, the signal aborts or the stream has ended. A loop
 * that is slower than the events only gets the newest one, with the changes of all of them.
 *
 * @throws why the stream ended
 */
export async function* iterateEvents(
  subscribe: (subscriber: Subscriber<LiveChange>) => { unsubscribe(): void },
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent<LiveChange>, void> {
  let newest: StreamEvent<LiveChange> | undefined;
  let failure: { error: unknown } | undefined;
  let isOver = false;
  let wake = () => {};
  const after = (change: () => void) => {
    change();
    wake();
  };
  const { unsubscribe } = subscribe({
    signal,
    onData: ({ id, data }) =>
      after(() => {
        const changed = newest ? bothChanged(newest.data.changed, data.changed) : data.changed;
        newest = { id, data: { ...data, changed } };
      }),
    onError: (error) => after(() => (failure = { error })),
    onComplete: () => after(() => (isOver = true)),
  });
  try {
    for (;;) {
      if (newest) {
        const event = newest;
        newest = undefined;
        yield event;
      } else if (failure) throw failure.error;
      else if (isOver || signal?.aborted) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unsubscribe();
  }
}

/** What two events together say has changed; null where one does not know it. */
function bothChanged(
  one: ChangedObjects | null,
  other: ChangedObjects | null,
): ChangedObjects | null {
  if (!one || !other) return null;
  const all = (kind: "items" | "accounts" | "transactions") => [
    ...new Set([...one[kind], ...other[kind]]),
  ];
  return {
    items: all("items"),
    accounts: all("accounts"),
    transactions: all("transactions"),
    more: one.more || other.more,
  };
}
