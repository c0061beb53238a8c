import type { PlaidApi } from "plaid";
import { Products } from "plaid";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { connect, failure, KIND, LINK_TOKEN_REQUEST, plaidClient } from "./support/client.ts";

let sandbox: RunningSandbox;
let plaid: PlaidApi;
beforeEach(async () => {
  sandbox = await startSandbox({ ...KIND, seed: 11 });
  plaid = plaidClient(sandbox.url);
});
afterEach(() => sandbox.close());

const control = (name: string, body: object) =>
  fetch(`${sandbox.url}/_control/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const createUser = async (client_user_id = "u1") =>
  (await plaid.userCreate({ client_user_id, with_upgraded_user: true })).data.user_id;
/** An Item of the user after Link's success, whose public_token is not exchanged. */
const linked = async (user_id: string) =>
  (
    await plaid.sandboxPublicTokenCreate({
      institution_id: "ins_109508",
      initial_products: [Products.Auth],
      user_id,
    })
  ).data.public_token;
const listed = async (user_id: string) =>
  (await plaid.userItemsGet({ user_id })).data.items.map(({ item_id }) => item_id);
const codeOf = async (call: Promise<unknown>) => (await failure(call)).error_code;

test("An Item is listed as soon as Link succeeds, and under the same id after the exchange", async () => {
  const user_id = await createUser();
  const public_token = await linked(user_id);
  const before = await listed(user_id);
  const { item_id } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  expect(before).toEqual([item_id]);
  expect(await listed(user_id)).toEqual([item_id]);
});

test("user_items_delay_ms keeps a new Item out of the list for as long", async () => {
  await control("settings", { user_items_delay_ms: 600_000 });
  const user_id = await createUser();
  await linked(user_id);
  expect(await listed(user_id)).toEqual([]);
  await control("clock", { advance_seconds: 600 });
  expect(await listed(user_id)).toHaveLength(1);
});

test("/user/items/remove removes Items without their tokens, all or none", async () => {
  const [mine, other] = [await createUser("u1"), await createUser("u2")];
  await linked(mine);
  await linked(mine);
  await linked(other);
  const [first = "", second = ""] = await listed(mine);
  const [foreign = ""] = await listed(other);
  const mixed = plaid.userItemsRemove({ user_id: mine, item_ids: [first, foreign] });
  expect(await codeOf(mixed)).toBe("ITEM_NOT_FOUND");
  expect(await listed(mine)).toHaveLength(2);
  await plaid.userItemsRemove({ user_id: mine, item_ids: [first] });
  expect(await listed(mine)).toEqual([second]);
  expect(await codeOf(plaid.userItemsRemove({ user_id: mine, item_ids: [first] }))).toBe(
    "ITEM_NOT_FOUND",
  );
  expect(await listed(other)).toEqual([foreign]);
});

test("/user/items/associate moves Items between users, and accepts 100 at most", async () => {
  const [first, second] = [await createUser("u1"), await createUser("u2")];
  const { item_id } = await connect(plaid);
  await plaid.userItemsAssociate({ user_id: first, item_ids: [item_id] });
  await plaid.userItemsAssociate({ user_id: second, item_ids: [item_id] });
  expect([await listed(first), await listed(second)]).toEqual([[], [item_id]]);
  const tooMany = Array.from({ length: 101 }, () => item_id);
  expect(await codeOf(plaid.userItemsAssociate({ user_id: first, item_ids: tooMany }))).toBe(
    "INVALID_FIELD",
  );
});

test("/user/remove removes the user's Items, and the same client_user_id is a new user afterwards", async () => {
  const user_id = await createUser();
  const { access_token, item_id } = await connect(plaid);
  await plaid.userItemsAssociate({ user_id, item_ids: [item_id] });
  await plaid.userRemove({ user_id });
  expect(await codeOf(plaid.itemGet({ access_token }))).toBe("ITEM_NOT_FOUND");
  expect(await codeOf(plaid.userItemsGet({ user_id }))).toBe("USER_NOT_FOUND");
  expect(await createUser()).not.toBe(user_id);
});

test("user_apis off rejects the User APIs and link tokens with a user_id, and nothing else", async () => {
  const user_id = await createUser();
  await control("settings", { user_apis: false });
  const request = { ...LINK_TOKEN_REQUEST, user_id };
  for (const call of [
    () => plaid.userCreate({ client_user_id: "u2" }),
    () => plaid.userGet({ user_id }),
    () => plaid.userItemsGet({ user_id }),
    () => plaid.userItemsRemove({ user_id, item_ids: ["x"] }),
    () => plaid.userRemove({ user_id }),
    () => plaid.linkTokenCreate(request),
  ]) {
    expect(await codeOf(call())).toBe("UNAUTHORIZED_ROUTE_ACCESS");
  }
  expect((await plaid.linkTokenCreate(LINK_TOKEN_REQUEST)).data.link_token).toBeTruthy();
});
