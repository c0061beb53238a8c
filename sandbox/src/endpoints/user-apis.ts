/** The User APIs of December 2025 (https://plaid.com/docs/api/users/), `/user/create` aside. */
import { itemView, removeItem } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Item, User } from "../state.ts";
import type { Call } from "./call.ts";
import { namedUser } from "./users.ts";

interface ByUser {
  user_id?: string;
  user_token?: string;
}

/** The most Items of one `/user/items/associate`. */
const MOST_ASSOCIATED = 100;

/** `/user/get`. */
export function userGet(call: Call, body: ByUser): object {
  const { user_id, client_user_id, created_at, updated_at, identity } = requiredUser(call, body);
  return { user_id, client_user_id, created_at, updated_at, ...(identity && { identity }) };
}

/** `/user/update`: replaces the given fields. */
export function userUpdate(call: Call, body: ByUser & { identity?: object | null }): object {
  const user = requiredUser(call, body);
  if (body.identity) user.identity = { ...user.identity, ...body.identity };
  user.updated_at = call.sandbox.clock.iso();
  call.sandbox.changed();
  return {};
}

/** `/user/remove`: the user and every Item of theirs. */
export function userRemove(call: Call, body: ByUser): object {
  const { sandbox } = call;
  const user = requiredUser(call, body);
  for (const item of itemsOf(sandbox, user)) removeItem(sandbox, item);
  sandbox.state.users.delete(user.user_id);
  sandbox.changed();
  return {};
}

/**
 * `/user/items/get`: an Item is listed from Link's success on, exchanged or not, once
 * `user_items_delay_ms` has passed.
 */
export function userItemsGet(call: Call, body: ByUser): object {
  const { sandbox } = call;
  const before = sandbox.clock.now() - sandbox.settings.userItemsDelayMs;
  const items = itemsOf(sandbox, requiredUser(call, body));
  return { items: items.filter(({ user_since }) => (user_since ?? 0) <= before).map(itemView) };
}

/**
 * `/user/items/remove`: all of these Items, or none when one is not the user's.
 * @throws ITEM_NOT_FOUND
 */
export function userItemsRemove(call: Call, body: ByUser & { item_ids: string[] }): object {
  const { sandbox } = call;
  const theirs = itemsOf(sandbox, requiredUser(call, body));
  const items = body.item_ids.map((item_id) => {
    const item = theirs.find((each) => each.item_id === item_id);
    if (!item) throw new PlaidError("ITEM_NOT_FOUND", `${item_id} is no Item of this user`);
    return item;
  });
  for (const item of new Set(items)) removeItem(sandbox, item);
  return {};
}

/**
 * `/user/items/associate`: moves Items to the user, from any other user.
 * @throws INVALID_FIELD for more than 100, ITEM_NOT_FOUND
 */
export function userItemsAssociate(call: Call, body: ByUser & { item_ids: string[] }): object {
  const { sandbox, client_id } = call;
  const { user_id } = requiredUser(call, body);
  if (body.item_ids.length > MOST_ASSOCIATED) {
    throw new PlaidError("INVALID_FIELD", `item_ids must have at most ${MOST_ASSOCIATED} entries`);
  }
  const items = body.item_ids.map((item_id) => {
    const item = sandbox.state.items.get(item_id);
    if (item?.client_id !== client_id || item.removed_at !== null) {
      throw new PlaidError("ITEM_NOT_FOUND");
    }
    return item;
  });
  for (const item of items) {
    if (item.user_id === user_id) continue;
    item.user_id = user_id;
    item.user_since = sandbox.clock.now();
  }
  sandbox.changed();
  return {};
}

/** `/user/products/terminate`: no product is billed by user here, so it changes nothing. */
export function userProductsTerminate(call: Call, body: ByUser): object {
  requiredUser(call, body);
  return {};
}

function requiredUser({ sandbox, client_id }: Call, body: ByUser): User {
  const user = namedUser(sandbox, client_id, body);
  if (user) return user;
  throw new PlaidError(
    "MISSING_FIELDS",
    "the following required fields are missing: one of user_id, user_token",
  );
}

/** The user's Items that are not removed, oldest first. */
function itemsOf({ state }: Sandbox, { user_id }: User): Item[] {
  return [...state.items.values()].filter(
    (item) => item.user_id === user_id && item.removed_at === null,
  );
}
