export * from "../../server/contracts/account.ts";
export * from "../../server/contracts/accounts.ts";
export * from "../../server/contracts/activity.ts";
export * from "../../server/contracts/api-keys.ts";
export * from "../../server/contracts/connect.ts";
export * from "../../server/contracts/connections.ts";
export * from "../../server/contracts/consents.ts";
export { type Reason, reasons } from "../../server/contracts/errors.ts";
export * from "../../server/contracts/insights.ts";
export type { ItemProblem, ItemProblemKind } from "../../server/contracts/item-problem.ts";
export { itemProblem, itemProblemKind } from "../../server/contracts/item-problem-schema.ts";
export * from "../../server/contracts/live.ts";
export { type NoticeKind, noticeKind, noticeKinds } from "../../server/contracts/mail.ts";
export * from "../../server/contracts/plan.ts";
export { type ReasonDetails, reasonDetails } from "../../server/contracts/reason-details.ts";
export * from "../../server/contracts/second-factors.ts";
export * from "../../server/contracts/security-events.ts";
export * from "../../server/contracts/step-up.ts";
export * from "../../server/contracts/transactions.ts";
export * from "../../server/contracts/webhook-endpoints.ts";
export { webhookEvent, webhookEventType } from "../../server/contracts/webhook-events.ts";
export { type ClientOptions, createClient, type FiscilityClient } from "./create-client.ts";
export {
  type ClientReasons,
  type FailureBase,
  type FiscilityError,
  isFiscilityError,
} from "./fiscility-error.ts";
