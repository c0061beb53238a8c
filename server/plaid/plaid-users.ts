import type { PlaidApi } from "plaid";
import { FiscilityError } from "../contracts/errors.ts";
import type { Call, CallOptions } from "./calls.ts";
import { endedResponse, userCreatedResponse, userItemsResponse } from "./responses.ts";

/**
 * The User APIs: a Plaid user ties the Items of one of our users together, so that they can be listed
 * and removed without their access_tokens. https://plaid.com/docs/api/users/
 */
export interface PlaidUsers {
  /**
   * The Plaid user of ours: the same one each time, also after a reply was lost.
   * `null`: Plaid does not serve the User APIs to this client id, or only those before December 2025.
   * https://plaid.com/docs/api/users/user-apis/
   */
  create(userId: string, options?: CallOptions): Promise<string | null>;
  /**
   * Every Item tied to a Plaid user, exchanged or not; it may be behind. `isComplete`: every row could
   * be read.
   * @throws FiscilityError for which `isUnknownUser` is true when Plaid does not have the user
   */
  listItems(
    plaidUserId: string,
    options?: CallOptions,
  ): Promise<{ items: PlaidUserItem[]; isComplete: boolean }>;
  /** Ends Items of a Plaid user and their billing: all of them, or with an error none. */
  removeItems(
    plaidUserId: string,
    plaidItemIds: string[],
    options?: CallOptions,
  ): Promise<{ requestId: string }>;
  /** Ties at most 100 Items to a Plaid user, whichever they were tied to before: all or none. */
  associate(plaidUserId: string, plaidItemIds: string[], options?: CallOptions): Promise<void>;
  /** Ends a Plaid user and every Item of it. One that Plaid does not have counts as ended. */
  remove(plaidUserId: string, options?: CallOptions): Promise<{ requestId: string | null }>;
}

/** An Item as its Plaid user has it. */
export interface PlaidUserItem {
  plaidItemId: string;
  institutionId: string | null;
  institutionName: string | null;
}

/** The most Items of one `associate`. */
export const mostAssociated = 100;

/** Plaid does not have this user: it was removed there, or belongs to other keys. */
export const isUnknownUser = (error: unknown): boolean =>
  error instanceof FiscilityError && error.plaid?.errorCode === "USER_NOT_FOUND";

/** A call was refused for its Plaid user: it is not there, or the User APIs are not for this client id. */
export const isAboutUser = (error: unknown): boolean =>
  error instanceof FiscilityError &&
  (error.plaid?.errorType === "USER_ERROR" || isNotServed(error));

/** The client id has no User APIs. https://plaid.com/docs/errors/invalid-input/ */
export const isNotServed = (error: unknown): boolean =>
  error instanceof FiscilityError && error.plaid?.errorCode === "UNAUTHORIZED_ROUTE_ACCESS";

/** Plaid refused the call, and would refuse it each time. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof FiscilityError &&
  error.reason !== "busy" &&
  error.reason !== "plaid_unavailable";

export function createPlaidUsers(api: PlaidApi, call: Call): PlaidUsers {
  return {
    async create(userId, options = {}) {
      try {
        const { user_id, user_token } = await call(
          "/user/create",
          userCreatedResponse,
          (request) =>
            api.userCreate(
              { client_user_id: userId, with_upgraded_user: true },
              undefined,
              request,
            ),
          options,
        );
        // A user_token comes with the APIs before December 2025, whose user_id lists nothing.
        return user_token === undefined ? user_id : null;
      } catch (error) {
        if (isRefusal(error)) return null;
        throw error;
      }
    },

    async listItems(plaidUserId, options = {}) {
      const { items } = await call(
        "/user/items/get",
        userItemsResponse,
        (request) => api.userItemsGet({ user_id: plaidUserId }, request),
        options,
      );
      return { items: items.read, isComplete: items.unreadable.length === 0 };
    },

    async removeItems(plaidUserId, plaidItemIds, options = {}) {
      const { request_id } = await call(
        "/user/items/remove",
        endedResponse,
        (request) => api.userItemsRemove({ user_id: plaidUserId, item_ids: plaidItemIds }, request),
        options,
      );
      return { requestId: request_id };
    },

    async associate(plaidUserId, plaidItemIds, options = {}) {
      await call(
        "/user/items/associate",
        endedResponse,
        (request) =>
          api.userItemsAssociate({ user_id: plaidUserId, item_ids: plaidItemIds }, request),
        options,
      );
    },

    async remove(plaidUserId, options = {}) {
      try {
        const { request_id } = await call(
          "/user/remove",
          endedResponse,
          (request) => api.userRemove({ user_id: plaidUserId }, undefined, request),
          options,
        );
        return { requestId: request_id };
      } catch (error) {
        if (!isUnknownUser(error)) throw error;
        return { requestId: (error as FiscilityError).plaid?.requestId ?? null };
      }
    },
  };
}
