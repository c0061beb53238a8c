import type { PlaidApi } from "plaid";
import { FiscilityError } from "../contracts/errors.ts";
import type { Call, CallOptions } from "./calls.ts";
import { endedResponse, userCreatedResponse, userItemsResponse } from "./responses.ts";

/**
 * The User APIs. A Plaid user groups the Items of one of our users, so that they can be listed and removed
 * without their access_tokens. https://plaid.com/docs/api/users/
 */
export interface PlaidUsers {
  /**
   * Returns the Plaid user of our user, the same one each time, even after a lost response. Null when Plaid
   * does not offer the User APIs to this client id, or only those before December 2025.
   * https://plaid.com/docs/api/users/user-apis/
   */
  create(userId: string, options?: CallOptions): Promise<string | null>;
  /**
   * Lists every Item of a Plaid user, exchanged or not. The list may lag behind. `isComplete`: every row
   * could be parsed.
   *
   * @throws FiscilityError for which `isUnknownUser` is true when the user does not exist at Plaid
   */
  listItems(
    plaidUserId: string,
    options?: CallOptions,
  ): Promise<{ items: PlaidUserItem[]; isComplete: boolean }>;
  /** Removes Items of a Plaid user and ends their billing: all of them, or none on an error. */
  removeItems(
    plaidUserId: string,
    plaidItemIds: string[],
    options?: CallOptions,
  ): Promise<{ requestId: string }>;
  /** Associates at most 100 Items with a Plaid user, even if they belonged to another before: all or none. */
  associate(plaidUserId: string, plaidItemIds: string[], options?: CallOptions): Promise<void>;
  /** Removes a Plaid user with all its Items. One that does not exist at Plaid counts as removed. */
  remove(plaidUserId: string, options?: CallOptions): Promise<{ requestId: string | null }>;
}

/** An Item in Plaid's list of a user. */
export interface PlaidUserItem {
  plaidItemId: string;
  institutionId: string | null;
  institutionName: string | null;
}

/** The maximum number of Items in one `associate`. */
export const maxAssociatedItems = 100;

/** The user does not exist at Plaid: it was removed there, or belongs to other keys. */
export const isUnknownPlaidUser = (error: unknown): boolean =>
  error instanceof FiscilityError && error.plaid?.errorCode === "USER_NOT_FOUND";

/** The call was refused because of its Plaid user: it does not exist, or this client id has no User APIs. */
export const isPlaidUserError = (error: unknown): boolean =>
  error instanceof FiscilityError &&
  (error.plaid?.errorType === "USER_ERROR" || lacksUserApis(error));

/** The client id has no User APIs. https://plaid.com/docs/errors/invalid-input/ */
export const lacksUserApis = (error: unknown): boolean =>
  error instanceof FiscilityError && error.plaid?.errorCode === "UNAUTHORIZED_ROUTE_ACCESS";

/** Plaid refused the call and would refuse every retry. */
export const isPermanentRejection = (error: unknown): boolean =>
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
        // A user_token comes from the APIs before December 2025, where a user_id lists nothing.
        return user_token === undefined ? user_id : null;
      } catch (error) {
        if (isPermanentRejection(error)) return null;
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
        if (!isUnknownPlaidUser(error)) throw error;
        return { requestId: (error as FiscilityError).plaid?.requestId ?? null };
      }
    },
  };
}
