import type { Migration } from "kysely";
import * as peopleAndPlans from "./001_people_and_plans.ts";
import * as connections from "./002_connections.ts";
import * as apiKeys from "./006_api_keys.ts";
import * as recovery from "./007_recovery.ts";
import * as live from "./008_live.ts";
import * as openLinks from "./010_open_links.ts";
import * as transactions from "./011_transactions.ts";
import * as disconnect from "./012_disconnect.ts";
import * as trail from "./013_trail.ts";
import * as keysByUser from "./015_keys_by_user.ts";
import * as logIns from "./016_log_ins.ts";
import * as addedFrom from "./017_added_from.ts";
import * as knownDevices from "./018_known_devices.ts";
import * as expiredSessions from "./019_expired_sessions.ts";
import * as proofsAndWebhookKeys from "./020_proofs_and_webhook_keys.ts";
import * as attemptRuns from "./023_attempt_runs.ts";
import * as itemProblems from "./024_item_problems.ts";
import * as whateverPlaidSends from "./025_whatever_plaid_sends.ts";
import * as plaidUsers from "./026_plaid_users.ts";
import * as unconnectedAccounts from "./027_unconnected_accounts.ts";
import * as itemRefreshes from "./028_item_refreshes.ts";
import * as linkTokens from "./029_link_tokens.ts";
import * as kindsAndTakeOvers from "./030_kinds_and_take_overs.ts";
import * as mailAndSecurityEvents from "./031_mail_and_security_events.ts";
import * as consentsAndReminders from "./032_consents_and_reminders.ts";
import * as claimedAddresses from "./033_claimed_addresses.ts";
import * as secondFactors from "./034_second_factors.ts";
import * as disabledUsers from "./035_disabled_users.ts";
import * as hostedLinks from "./036_hosted_links.ts";
import * as outgoingWebhooks from "./038_outgoing_webhooks.ts";
import * as namesOfAccounts from "./039_names_of_accounts.ts";
import * as institutions from "./040_institutions.ts";
import * as transactionCorrections from "./041_transaction_corrections.ts";
import * as planRequests from "./042_plan_requests.ts";
import * as transactionChanges from "./043_transaction_changes.ts";
import * as changedObjects from "./044_changed_objects.ts";
import * as disabledWebhooks from "./045_disabled_webhooks.ts";

/** Every migration in order: numbered, forward only, never changed after a release. */
export const migrations: Record<string, Migration> = {
  "001_people_and_plans": peopleAndPlans,
  "002_connections": connections,
  "006_api_keys": apiKeys,
  "007_recovery": recovery,
  "008_live": live,
  "010_open_links": openLinks,
  "011_transactions": transactions,
  "012_disconnect": disconnect,
  "013_trail": trail,
  "015_keys_by_user": keysByUser,
  "016_log_ins": logIns,
  "017_added_from": addedFrom,
  "018_known_devices": knownDevices,
  "019_expired_sessions": expiredSessions,
  "020_proofs_and_webhook_keys": proofsAndWebhookKeys,
  "023_attempt_runs": attemptRuns,
  "024_item_problems": itemProblems,
  "025_whatever_plaid_sends": whateverPlaidSends,
  "026_plaid_users": plaidUsers,
  "027_unconnected_accounts": unconnectedAccounts,
  "028_item_refreshes": itemRefreshes,
  "029_link_tokens": linkTokens,
  "030_kinds_and_take_overs": kindsAndTakeOvers,
  "031_mail_and_security_events": mailAndSecurityEvents,
  "032_consents_and_reminders": consentsAndReminders,
  "033_claimed_addresses": claimedAddresses,
  "034_second_factors": secondFactors,
  "035_disabled_users": disabledUsers,
  "036_hosted_links": hostedLinks,
  "038_outgoing_webhooks": outgoingWebhooks,
  "039_names_of_accounts": namesOfAccounts,
  "040_institutions": institutions,
  "041_transaction_corrections": transactionCorrections,
  "042_plan_requests": planRequests,
  "043_transaction_changes": transactionChanges,
  "044_changed_objects": changedObjects,
  "045_disabled_webhooks": disabledWebhooks,
};

/**
 * Migrations that build indexes concurrently, change many rows in batches, or lock more than one table
 * (`oneTableAtATime`). Each of their steps can be repeated. They wait for locks without a limit unless they
 * set `lock_timeout`, which a step that locks a table must do.
 */
export const outsideTransaction: ReadonlySet<string> = new Set([
  "015_keys_by_user",
  "019_expired_sessions",
  "020_proofs_and_webhook_keys",
  "027_unconnected_accounts",
  "030_kinds_and_take_overs",
  "032_consents_and_reminders",
  "033_claimed_addresses",
  "034_second_factors",
  "038_outgoing_webhooks",
  "043_transaction_changes",
  "044_changed_objects",
]);
