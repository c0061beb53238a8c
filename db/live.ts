import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import pg from "pg";
import { z } from "zod";
import type { ChangedObjects } from "../server/contracts/live.ts";
import type { Db } from "./client.ts";

/** The notifications that the triggers of migration 008 send. `id` is a session's or an API key's. */
const notice = z.discriminatedUnion("event", [
  z.object({ event: z.literal("changed"), userId: z.string(), dataVersion: z.int() }),
  z.object({ event: z.literal("ended"), id: z.string() }),
]);
export type LiveNotice = z.infer<typeof notice>;

export interface ListenOptions {
  url: string;
  connectTimeoutMs: number;
  /** How often the connection is checked, so that a dead one is noticed. Milliseconds. */
  checkEveryMs: number;
  /** The longest wait between two attempts to connect. Milliseconds. */
  retryMs: number;
  onNotice(notice: LiveNotice): void;
  /** Called when it starts to listen. Notifications sent before were missed. */
  onListening(): void;
  /** Called once when the connection is lost. Notifications are missed until `onListening`. */
  onLost(error: Error): void;
}

/**
 * Listens on its own connection until it is closed. It must connect to PostgreSQL directly: a pooler in
 * transaction mode delivers no notifications.
 */
export function listen(options: ListenOptions): { close(): Promise<void> } {
  const closed = new AbortController();
  const { signal } = closed;
  let lost = false;

  async function once(): Promise<void> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: "fiscility-live",
      connectionTimeoutMillis: options.connectTimeoutMs,
      query_timeout: options.connectTimeoutMs,
      keepAlive: true,
    });
    let end = (_why: Error) => {};
    const ended = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    ended.catch(() => {});
    client.on("error", end);
    client.on("end", () => end(new Error("the connection ended")));
    const abort = () => end(signal.reason);
    signal.addEventListener("abort", abort);
    let check: NodeJS.Timeout | undefined;
    client.on("notification", ({ payload = "" }) => {
      const read = notice.safeParse(parseJson(payload));
      if (read.success) options.onNotice(read.data);
    });
    try {
      await Promise.race([client.connect(), ended]);
      await Promise.race([client.query("listen fiscility_live"), ended]);
      lost = false;
      options.onListening();
      check = setInterval(() => client.query("select 1").catch(end), options.checkEveryMs).unref();
      await ended;
    } finally {
      clearInterval(check);
      signal.removeEventListener("abort", abort);
      // Not awaited: the end of a lost connection may never be confirmed.
      client.end().catch(() => {});
    }
  }

  const done = (async () => {
    for (let tries = 0; !signal.aborted; tries++) {
      const started = performance.now();
      await once().catch((error: Error) => {
        if (!lost && !signal.aborted) options.onLost(error);
        lost = true;
      });
      if (performance.now() - started > options.retryMs) tries = 0;
      const wait = Math.min(100 * 2 ** tries, options.retryMs);
      await pause(wait, undefined, { signal, ref: false }).catch(() => {});
    }
  })();
  return {
    async close() {
      closed.abort(new Error("closed"));
      await done;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** How far a stream has come in its user's changes; `transactionsVersion` is null when it is not known. */
export interface LivePosition {
  dataVersion: number;
  transactionsVersion: number | null;
}

/** Ids of a kind that are listed in one event. */
const listedAtOnce = 100;

/**
 * What changed since a position, and the position now. `changed` is null where the position before is not known, or is
 * ahead of a database that was restored. Returns null when the user does not exist.
 */
export async function readChanges(
  db: Db,
  userId: string,
  since: LivePosition | null,
  { withTransactions }: { withTransactions: boolean },
): Promise<{ now: LivePosition; changed: ChangedObjects | null } | null> {
  const { dataVersion = 0, transactionsVersion = null } = since ?? {};
  const objects = (isAccount: boolean) => sql`array(select id::text from changed_objects
    where user_id = ${userId} and is_account = ${isAccount} and data_version > ${dataVersion}::bigint
      and ${transactionsVersion !== null}
    limit ${listedAtOnce + 1})`;
  // A table is read only when something changed in it, and no further than the ids that are listed.
  const isNewer = sql`version > ${transactionsVersion}::bigint
    and (select version from head) > ${transactionsVersion}::bigint`;
  const { rows } = await sql<{
    dataVersion: number;
    transactionsVersion: number;
    items: string[];
    accounts: string[];
    transactions: string[];
    isAccountRemoved: boolean;
  }>`
    with head as materialized (
      select data_version, coalesce(versions.version, 0) as version from users
      left join transaction_versions as versions on versions.user_id = users.id
      where users.id = ${userId}
    )
    select data_version as "dataVersion", version::float8 as "transactionsVersion",
      ${objects(false)} as items, ${objects(true)} as accounts,
      array(
        (select id from transactions where user_id = ${userId} and ${withTransactions} and ${isNewer}
        limit ${listedAtOnce + 1})
        union
        (select id from removed_transactions where user_id = ${userId} and ${withTransactions} and id <> ''
          and ${isNewer} limit ${listedAtOnce + 1})
      ) as transactions,
      exists (select from removed_transactions where user_id = ${userId} and id = '' and ${isNewer})
        as "isAccountRemoved"
    from head`.execute(db);
  const [row] = rows;
  if (!row) return null;
  const now = { dataVersion: row.dataVersion, transactionsVersion: row.transactionsVersion };
  if (transactionsVersion === null) return { now, changed: null };
  if (dataVersion > now.dataVersion || transactionsVersion > now.transactionsVersion) {
    return { now, changed: null };
  }
  const lists = [row.items, row.accounts, row.transactions];
  const [items = [], accounts = [], transactions = []] = lists.map((ids) =>
    ids.slice(0, listedAtOnce),
  );
  const more = row.isAccountRemoved || lists.some(({ length }) => length > listedAtOnce);
  return { now, changed: { items, accounts, transactions, more } };
}

/**
 * The state of many streams, read in one round trip: the users' data versions, and which sessions and keys
 * have ended.
 */
export interface StreamStates {
  versions: ReadonlyMap<string, number>;
  /** Those of the given sessions and API keys that have ended. */
  ended: ReadonlyMap<string, "expired" | "revoked">;
}

export async function readStreamStates(
  db: Db,
  watched: { userIds: string[]; sessionIds: string[]; apiKeyIds: string[] },
  now: Date,
): Promise<StreamStates> {
  const { rows } = await sql<{ id: string; version: number | null; ended: string | null }>`
    select id::text, data_version as version, null as ended
      from users where id = any(${watched.userIds}::uuid[])
    union all
    select asked.id, null, case when found.id is null then 'revoked'
        when found.expires_at <= ${now} then 'expired' end
      from unnest(${watched.sessionIds}::text[]) as asked (id)
      left join sessions found on found.id = asked.id::uuid
    union all
    select asked.id, null, case when found.id is null or found.revoked_at is not null then 'revoked'
        when found.expires_at <= ${now} then 'expired' end
      from unnest(${watched.apiKeyIds}::text[]) as asked (id)
      left join api_keys found on found.id = asked.id`.execute(db);
  const versions = new Map<string, number>();
  const ended = new Map<string, "expired" | "revoked">();
  for (const { id, version, ended: why } of rows) {
    if (version !== null) versions.set(id, version);
    if (why === "expired" || why === "revoked") ended.set(id, why);
  }
  return { versions, ended };
}
