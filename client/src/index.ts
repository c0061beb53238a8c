export { type Reason, reasons } from "../../server/contracts/errors.ts";
export type {
  CallOptions,
  Mutation,
  Query,
  StreamEvent,
  Subscriber,
  Subscription,
} from "./call.ts";
export { type ClientOptions, createClient, type FiscilityClient } from "./create-client.ts";
export type { ExportFormat } from "./download.ts";
export {
  type ClientReasons,
  type FailureBase,
  type FiscilityError,
  isFiscilityError,
} from "./fiscility-error.ts";
export type { Hooks, RequestEvent, ResponseEvent, RetryEvent } from "./hooks.ts";
export type * from "./objects.ts";
export type { Procedures } from "./procedures.ts";
