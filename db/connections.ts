import { sql } from "kysely";
import type { ItemWithAccounts } from "../server/contracts/accounts.ts";
import type { MailDetails } from "../server/contracts/mail.ts";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import { recordedConsent } from "./consents.ts";
import {
  itemAndAccountColumns,
  type ShownRow,
  toContract,
  unconnectedAccountsJson,
} from "./items.ts";
import { addJobs, syncItemJob } from "./jobs.ts";
import { connectAttempt, type Transition } from "./link-attempts.ts";
import { sendMailJob, storedMail } from "./mails.ts";
import type {
  AccountRow,
  NewAccountRow,
  NewUnconnectedAccountRow,
  UnconnectedAccountRow,
} from "./schema.ts";
import { raisedDataVersion } from "./users.ts";
import {
  eventsOf,
  isLinkOf,
  sendDeliveriesJobs,
  storedDeliveries,
  toEventsJson,
} from "./webhook-events.ts";

/** The rows of a new connection. */
export interface NewConnection {
  userId: string;
  /** The Item's id, which is also its attempt's. */
  itemId: string;
  plaidItemId: string;
  /** The encrypted access_token. */
  accessTokenSealed: string;
  plaidClient: string | null;
  institutionId: string | null;
  institutionName: string;
  hasTransactions: boolean;
  /** At least one. */
  accounts: NewAccountRow[];
  /** Accounts that the bank shares and the user did not choose. */
  unconnected: NewUnconnectedAccountRow[];
  /** How many more accounts the bank sent that could not be parsed, or not all of their balances. */
  accountsUnreadable: number;
  /** The id of the activity entry. */
  activityId: string;
  plaidRequestId: string | null;
}

/**
 * Inserts a connection in one statement of the connecting transaction: the Item, its accounts, the activity
 * entry, the user's consent and data version, the attempt that becomes connected (I4), the mail and webhooks
 * about it, and the job that fetches its transactions.
 *
 * @param connect the attempt's transition; when its state refuses it, nothing is inserted
 */
export async function insertConnection(
  tx: Db,
  { accounts, unconnected, ...connection }: NewConnection,
  connect: Transition,
): Promise<ItemWithAccounts> {
  const notice: MailDetails["bank_connected"] = {
    bank: connection.institutionName,
    accounts: accounts.length,
  };
  const insert = inserts.get(connect) ?? compiledOnce(connectionStatement(connect));
  inserts.set(connect, insert);
  const rows = await insert(tx, {
    ...connection,
    accounts: JSON.stringify(accounts),
    unconnected: JSON.stringify(unconnected),
    accountCount: accounts.length,
    notice: JSON.stringify(notice),
    events: toEventsJson(
      eventsOf({
        user_id: connection.userId,
        attempt_id: connection.itemId,
        kind: "connected",
        institution_name: connection.institutionName,
        account_count: accounts.length,
      }),
    ),
  });
  const [connected] = toContract(rows);
  if (!connected) throw new Error("the attempt left the state exchanged before the insert");
  return connected;
}

const inserts = new WeakMap<Transition, (tx: Db, values: InsertValues) => Promise<ShownRow[]>>();

type InsertValues = Omit<NewConnection, "accounts" | "unconnected"> & {
  accounts: string;
  unconnected: string;
  accountCount: number;
  /** JSON. */
  notice: string;
  /** JSON of `toEventsJson`. */
  events: string;
};

/** The accounts are passed as JSON, so that the statement's text does not depend on their number. */
function connectionStatement(connect: Transition) {
  return (tx: Db, values: InsertValues) =>
    tx
      .with("attempt", () =>
        connectAttempt(tx, { userId: values.userId, id: values.itemId }, connect),
      )
      .with("item", (db) =>
        db
          .insertInto("items")
          .values({
            id: values.itemId,
            user_id: values.userId,
            plaid_item_id: values.plaidItemId,
            access_token_sealed: values.accessTokenSealed,
            plaid_client: values.plaidClient,
            institution_id: values.institutionId,
            institution_name: values.institutionName,
            has_transactions: values.hasTransactions,
          })
          .returningAll(),
      )
      .with("account", (db) =>
        db
          .insertInto("accounts")
          .columns(accountColumns)
          .expression((eb) => eb.selectFrom(accountsOf(values.accounts)).select(accountColumns))
          .returningAll(),
      )
      .with("unconnected", (db) =>
        db
          .insertInto("unconnected_accounts")
          .columns(unconnectedColumns)
          .expression((eb) =>
            eb.selectFrom(unconnectedOf(values.unconnected)).select(unconnectedColumns),
          )
          .returningAll(),
      )
      .with("sync", (db) =>
        db
          .insertInto("item_syncs")
          .columns(["item_id", "user_id", "accounts_unreadable"])
          .expression((eb) =>
            eb
              .selectFrom("item")
              .select([
                "item.id",
                "item.user_id",
                sql<number>`${values.accountsUnreadable}::int`.as("n"),
              ]),
          )
          .returningAll(),
      )
      .with("entry", (db) =>
        db.insertInto("account_activity").values({
          id: values.activityId,
          user_id: values.userId,
          attempt_id: values.itemId,
          kind: "connected",
          institution_id: values.institutionId,
          institution_name: values.institutionName,
          account_count: values.accountCount,
          plaid_request_id: values.plaidRequestId,
        }),
      )
      .with(
        "version",
        () => sql<{ id: string }>`(${raisedDataVersion(sql`id = ${values.userId}`)})`,
      )
      .with("consent", () => sql<{ id: string }>`(${recordedConsent(values)})`)
      .with(
        "mail",
        () =>
          sql<{ user_id: string; id: string }>`(${storedMail({
            userId: values.userId,
            kind: "bank_connected",
            details: values.notice,
            to: sql.lit(null),
          })})`,
      )
      .with("delivery", () => {
        const isInserted = sql`exists (select from item)`;
        const { userId, events, itemId } = values;
        return sql`(${storedDeliveries(userId, events, isInserted, isLinkOf(itemId))})`;
      })
      .with("added", () => {
        const [ofItem, ofMail] = [
          syncItemJob(sql.ref("item.user_id"), sql.ref("item.id")),
          sendMailJob(sql.ref("mail.user_id"), sql.ref("mail.id")),
        ];
        const specs = sql`select ${ofItem} from item union all select ${ofMail} from mail
          union all ${sendDeliveriesJobs}`;
        return sql<{ jobs: string }>`(${addJobs(specs)})`;
      })
      .selectFrom("item as items")
      .innerJoin("attempt", "attempt.id", "items.id")
      .innerJoin("account as accounts", "accounts.item_id", "items.id")
      .innerJoin("sync as item_syncs", "item_syncs.item_id", "items.id")
      .leftJoin("institutions", "institutions.id", "items.institution_id")
      // PostgreSQL evaluates only expressions whose result is used.
      .innerJoin("added", (join) => join.on("added.jobs", "is not", null))
      .select(itemAndAccountColumns)
      .select((eb) =>
        eb
          .selectFrom("unconnected as u")
          .select(unconnectedAccountsJson.as("list"))
          .as("notConnected"),
      )
      .orderBy("accounts.position");
}

const accountColumns = [
  "item_id",
  "user_id",
  "plaid_account_id",
  "persistent_account_id",
  "position",
  "name",
  "official_name",
  "mask",
  "type",
  "subtype",
  "current_balance",
  "available_balance",
  "balance_limit",
  "currency",
] as const satisfies (keyof NewAccountRow)[];

const unconnectedColumns = [
  "id",
  "item_id",
  "user_id",
  "plaid_account_id",
  "persistent_account_id",
  "position",
  "name",
  "official_name",
  "mask",
  "type",
  "subtype",
  "declined",
] as const satisfies (keyof NewUnconnectedAccountRow)[];

/** Rows of accounts passed as JSON, with the types of the table. */
function accountsOf(json: string) {
  return sql<AccountRow>`json_populate_recordset(null::accounts, ${json}::json)`.as("rows");
}

function unconnectedOf(json: string) {
  return sql<UnconnectedAccountRow>`json_populate_recordset(null::unconnected_accounts, ${json}::json)`.as(
    "rows",
  );
}
