import {
  type InfiniteData,
  infiniteQueryOptions,
  mutationOptions,
  type QueryClient,
  queryOptions,
  type UseMutationOptions,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Mutation, Query } from "./call.ts";
import type { FiscilityClient } from "./create-client.ts";
import type { FiscilityError } from "./fiscility-error.ts";
import type { ChangedObjects, TransactionFilter, TransactionsListOutput } from "./objects.ts";
import { type Procedures, procedureTypes } from "./procedures.ts";
import { tree } from "./tree.ts";

/** The first element of every query key. */
const root = "fiscility";

type Key = readonly unknown[];
type InputOf<Input> = undefined extends Input ? [input?: Input] : [input: Input];

type Options<Procedure> =
  Procedure extends Query<infer Input, infer Output>
    ? {
        /** For `useQuery`, `useSuspenseQuery`, `prefetchQuery` and the like. */
        queryOptions(
          ...args: InputOf<Input>
        ): ReturnType<typeof queryOptions<Output, FiscilityError, Output, Key>>;
        /** For `setQueryData` and the like. Without an input it matches all inputs. */
        queryKey(...args: [input?: Input]): Key;
      }
    : Procedure extends Mutation<infer Input, infer Output>
      ? {
          /** For `useMutation`. */
          mutationOptions(): UseMutationOptions<Output, FiscilityError, Input>;
        }
      : { [Name in keyof Procedure]: Options<Procedure[Name]> };

/** The options of every query and mutation, by the procedure's name. */
export type FiscilityQueries = Options<Omit<Procedures, "live" | "transactions">> & {
  transactions: Options<Procedures["transactions"]> & {
    /** For `useInfiniteQuery`: the pages of `transactions.list`. */
    infiniteQueryOptions(
      filter?: TransactionFilter,
    ): ReturnType<
      typeof infiniteQueryOptions<
        TransactionsListOutput,
        FiscilityError,
        InfiniteData<TransactionsListOutput, string | undefined>,
        Key,
        string | undefined
      >
    >;
  };
};

/**
 * The client's calls as options of TanStack Query: `useQuery(queries.accounts.list.queryOptions())`. The
 * client itself retries, so set `retry: false` as a default of the `QueryClient`, or both do.
 */
export function createQueries(client: FiscilityClient): FiscilityQueries {
  const keyOf = (path: string, input?: unknown): Key =>
    input === undefined ? [root, ...path.split(".")] : [root, ...path.split("."), input];
  const { live: _, ...queries } = tree(procedureTypes, (path, type) => {
    const call = procedureOf(client, path);
    return type === "query"
      ? {
          queryKey: (input?: unknown) => keyOf(path, input),
          queryOptions: (input?: unknown) =>
            queryOptions({
              queryKey: keyOf(path, input),
              queryFn: ({ signal }) => call.query?.(input, { signal }),
            }),
        }
      : {
          mutationOptions: () =>
            mutationOptions({ mutationFn: (input: unknown) => call.mutate?.(input) as never }),
        };
  }) as unknown as Record<string, object>;
  return {
    ...queries,
    transactions: {
      ...queries.transactions,
      infiniteQueryOptions: (filter: TransactionFilter = {}) =>
        infiniteQueryOptions({
          queryKey: [...keyOf("transactions.list"), "infinite", filter],
          queryFn: ({ pageParam: cursor, signal }) =>
            client.transactions.list.query({ ...filter, cursor }, { signal }),
          initialPageParam: undefined as string | undefined,
          getNextPageParam: ({ nextCursor }: TransactionsListOutput) => nextCursor ?? undefined,
        }),
    },
  } as unknown as FiscilityQueries;
}

interface Callable {
  query?(input: unknown, options: object): Promise<unknown>;
  mutate?(input: unknown): Promise<unknown>;
}

function procedureOf(client: FiscilityClient, path: string): Callable {
  let found: unknown = client;
  for (const name of path.split(".")) found = (found as Record<string, unknown>)[name];
  return found as Callable;
}

/**
 * Refetches the queries that a change at Fiscility concerns, while the component is mounted.
 * `onError` is called when the stream fails permanently: the key was revoked, or ten newer streams replaced
 * it.
 */
export function useLiveChanges(
  client: FiscilityClient,
  onError?: (error: FiscilityError) => void,
): void {
  const queryClient = useQueryClient();
  const report = useRef(onError);
  useEffect(() => {
    report.current = onError;
  });
  useEffect(() => {
    const readAgain = createReadAgain(queryClient);
    const { unsubscribe } = client.live.changes.subscribe(undefined, {
      onData: ({ data }) => readAgain(data.changed),
      onError: (error) => report.current?.(error),
    });
    return unsubscribe;
  }, [client, queryClient]);
}

/** Queries that live changes tell apart; `others` may depend on anything. */
type Group = "accounts" | "transactions" | "others";

const groupOf = ([, group]: Key): Group =>
  group === "accounts" || group === "transactions" ? group : "others";

function groupsOf(changed: ChangedObjects | null): Group[] {
  if (!changed || changed.more) return ["accounts", "transactions", "others"];
  const groups: Group[] = ["others"];
  if (changed.items.length + changed.accounts.length > 0) groups.push("accounts");
  if (changed.transactions.length > 0) groups.push("transactions");
  return groups;
}

/**
 * Refetches what changed, one round at a time. Fetches that run when a change arrives are not canceled, because
 * a page that the user requested would be lost. They are repeated afterwards, because their data may be from
 * before the change.
 */
function createReadAgain(queryClient: QueryClient): (changed: ChangedObjects | null) => void {
  let isRunning = false;
  let stale = new Set<Group>();
  return async (changed) => {
    for (const group of groupsOf(changed)) stale.add(group);
    if (isRunning) return;
    isRunning = true;
    while (stale.size > 0) {
      const round = stale;
      const queries = {
        queryKey: [root],
        predicate: ({ queryKey }: { queryKey: Key }) => round.has(groupOf(queryKey)),
      };
      stale = queryClient.isFetching(queries) > 0 ? new Set(round) : new Set();
      await queryClient.invalidateQueries(queries, { cancelRefetch: false });
    }
    isRunning = false;
  };
}
