import { expect } from "vitest";
import type { Person, TestApp } from "../support/app.ts";
import { compareBooks, right } from "../support/books.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { accountsOf, activityOf, itemsOf, only, setPlan, updateItems } from "../support/rows.ts";

const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

const platypus = "ins_109508";
const chase = "ins_56";

/** Connects with a token of this bank and log-in, with the metadata that Link would give, or other. */
async function connect(
  app: TestApp,
  person: Person,
  more: { bank?: string; holder?: string; metadata?: unknown; connectAnyway?: boolean } = {},
) {
  const { bank = platypus, holder = "user_good", ...rest } = more;
  const token = await app.publicToken(bank, holder);
  return { token, ...(await send(app, person, token, rest)) };
}

const send = (
  app: TestApp,
  person: Person,
  token: string,
  { metadata, connectAnyway }: { metadata?: unknown; connectAnyway?: boolean } = {},
) =>
  app.post(
    "/plaid/exchange-token",
    { public_token: token, metadata, connect_anyway: connectAnyway },
    person,
  );

/** Link's metadata for the accounts that the person holds now. */
async function metadataOfHeld(app: TestApp, person: Person, bank = platypus) {
  const accounts = await accountsOf(app, person);
  return {
    institution: { institution_id: bank, name: "The bank" },
    accounts: accounts.map(({ name, mask, type, subtype }, n) => ({
      id: `link-${n}`,
      name,
      mask,
      type,
      subtype,
    })),
    link_session_id: "a-link-session",
  };
}

const exchanges = (app: TestApp) => app.requestsAtPlaid("/item/public_token/exchange");

test("connectAccount exchanges nothing when Link's metadata shows known accounts, and names them and the choices (I2, K3)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const first = await connect(app, person);
  const again = await connect(app, person, { metadata: await metadataOfHeld(app, person) });
  expect([again.status, again.body.error.reason]).toEqual([409, "duplicate_accounts"]);
  const { details } = again.body.error;
  expect(details.item_id).toBe(first.body.item.id);
  expect(details.may_connect_anyway).toBe(true);
  expect(details.accounts).toHaveLength(first.body.accounts.length);
  expect(details.accounts[0]).toEqual({
    id: first.body.accounts[0].id,
    name: "Plaid Checking",
    mask: "0000",
  });
  expect(await exchanges(app)).toBe(1);
  const [, entry] = await activityOf(app);
  expect([entry?.kind, entry?.reason]).toEqual(["refused", "duplicate_accounts"]);
});

test("connectAccount connects a second log-in at one bank when the user connects anyway (I2)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  await connect(app, person);
  const metadata = await metadataOfHeld(app, person);
  const { token } = await connect(app, person, { metadata, holder: "user_spouse" });
  const anyway = await send(app, person, token, { metadata, connectAnyway: true });
  expect(anyway.body.outcome).toBe("connected");
  expect(await compareBooks(app)).toEqual({ ...right, connected: 2 });
});

test("connectAccount removes an Item that adds nothing, and returns the existing Item (I2)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const first = await connect(app, person);
  const again = await connect(app, person);
  expect(again.body.outcome).toBe("already_connected");
  expect(again.body.item.id).toBe(first.body.item.id);
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
  expect((await app.itemsAtPlaid()).filter((item) => !item.removed)).toHaveLength(1);
  // The same public_token a day later: the first answer.
  const later = await send(app, person, again.token);
  expect([later.body.outcome, later.body.item.id]).toEqual([
    "already_connected",
    first.body.item.id,
  ]);
  const kinds = await activityOf(app);
  expect(kinds.map(({ kind }) => kind)).toEqual(["connected", "already_connected"]);
});

test("connectAccount recognizes an account by the bank's own account id, whatever its name (I2)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const first = await connect(app, person, { bank: chase });
  await app.query("update accounts set name = name || ' (renamed)', mask = '9999'");
  const again = await connect(app, person, { bank: chase, connectAnyway: true });
  const withId = await app.query(
    "select id from accounts where persistent_account_id is not null and item_id = $1",
    [first.body.item.id],
  );
  expect(withId.length).toBeGreaterThan(0);
  // Only those without the bank's own id could be taken for new.
  expect(again.body.accounts?.length ?? 0).toBe(first.body.accounts.length - withId.length);
});

test("connectAccount adds the new accounts and leaves the known ones in their Item (I2)", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const first = await connect(app, person);
  await app.query("delete from accounts where user_id = $1 and position >= 2", [person.id]);
  const again = await connect(app, person);
  expect(again.body.outcome).toBe("connected");
  expect(again.body.accounts).toHaveLength(first.body.accounts.length - 2);
  expect((await compareBooks(app)).duplicates).toBe(0);
  expect(await accountsOf(app)).toHaveLength(first.body.accounts.length);
});

test.for(["ins_56", "ins_13", "ins_15", "ins_11"])(
  "connectAccount offers only to reconnect at %s, where a second Item may invalidate the first (I2)",
  async (bank, { app }) => {
    const person = await app.signUp("cfo");
    await connect(app, person, { bank });
    const metadata = await metadataOfHeld(app, person, bank);
    const again = await connect(app, person, { bank, metadata });
    expect(again.body.error.details.may_connect_anyway).toBe(false);
    const insisted = await send(app, person, again.token, { metadata, connectAnyway: true });
    expect(insisted.body.error.reason).toBe("duplicate_accounts");
    expect(await exchanges(app)).toBe(1);
  },
);

test("finishUpdateMode logs the user in again without a new Item", async ({ app }) => {
  const person = await app.signUp("cfo");
  const { body } = await connect(app, person);
  const itemId = body.item.id;
  await updateItems(app, { status: "login_required" }, { itemId });
  const link = await app.post("/trpc/plaid.createLinkToken", { itemId }, person);
  expect(link.body.result.data.linkToken).toMatch(/^link-sandbox-/);

  const finish = (linkSessionId: string) =>
    app.post("/trpc/plaid.finishUpdateMode", { itemId, linkSessionId }, person);
  for (let twice = 0; twice < 2; twice += 1) {
    const done = await finish("session-1");
    expect(done.body.result.data.item.status).toBe("good");
  }
  const { plaid_item_id } = await only(itemsOf(app));
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  const early = await finish("session-2");
  expect(early.body.error.data.reason).toBe("bank_login_required");
  expect(await exchanges(app)).toBe(1);
  const kinds = await activityOf(app);
  expect(kinds.map(({ kind }) => kind)).toEqual(["connected", "reconnected", "login_required"]);
});

test("createLinkToken and finishUpdateMode answer not_found for another user's Item (I6)", async ({
  app,
}) => {
  const [person, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const { body } = await connect(app, person);
  for (const name of ["createLinkToken", "finishUpdateMode"]) {
    const answer = await app.post(`/trpc/plaid.${name}`, { itemId: body.item.id }, other);
    expect([name, answer.status]).toEqual([name, 404]);
  }
});

test("connectAccount ignores forged metadata: no accounts, too many, or another bank's", async ({
  app,
}) => {
  const person = await app.signUp("accountant");
  const bank = { institution_id: chase, name: "Not this bank" };
  const account = (n: number) => ({
    id: `x${n}`,
    name: `Made up ${n}`,
    mask: "1",
    subtype: "checking",
  });
  const forged = async (metadata: unknown) => (await connect(app, person, { metadata })).body;
  // More accounts than are looked at, and more than the plan holds.
  const many = Array.from({ length: 10_000 }, (_, n) => account(n));
  const [most, tooMany] = [
    await forged({ institution: bank, accounts: many.slice(0, 300) }),
    await forged({ institution: bank, accounts: many.slice(0, 11) }),
  ];
  expect([most.error.reason, tooMany.error.reason]).toEqual(["limit_reached", "limit_reached"]);
  expect(await exchanges(app)).toBe(0);
  // Whoever claims no accounts gets no more than the plan allows.
  await setPlan(app, "intern");
  expect((await forged({ accounts: [] })).error.reason).toBe("limit_reached");
  await setPlan(app, "cfo");
  const taken = await forged({ institution: bank, accounts: [account(1)] });
  expect(taken.item.institution).toEqual({ id: platypus, name: "First Platypus Bank" });
  expect(taken.accounts.map(({ name }: { name: string }) => name)).toContain("Plaid Checking");
  expect(await compareBooks(app)).toEqual({ ...right, connected: 1 });
});

test("A smaller plan disconnects nothing and stops new connections (P2)", async ({ app }) => {
  const person = await app.signUp("analyst");
  await connect(app, person);
  await setPlan(app, "intern");
  const refused = await connect(app, person, { bank: "ins_109509" });
  expect(refused.body.error.reason).toBe("limit_reached");
  expect((await compareBooks(app)).connected).toBe(1);
});

test.for([
  ["n - 1", 13, "connected"],
  ["n", 12, "connected"],
  ["n + 1", 11, "limit_reached"],
] as const)(
  "connectAccount decides by the plan's room (I3): %s accounts",
  async ([_name, max, outcome], { app }) => {
    const person = await app.signUp("intern");
    await app.query(
      "insert into plans (id, name, price_monthly, currency, max_accounts) values ($1, $1, 1, 'USD', $2) on conflict do nothing",
      [`p${max}`, max],
    );
    await setPlan(app, `p${max}`);
    // This bank gives twelve accounts.
    const { body } = await connect(app, person, { bank: "ins_109511" });
    expect(body.outcome ?? body.error.reason).toBe(outcome);
    if (body.error) {
      expect(body.error.details).toMatchObject({ limit: 11, used: 0, wanted: 12 });
      expect((await app.itemsAtPlaid()).filter((item) => !item.removed)).toEqual([]);
    }
  },
);

test("connectAccount offers the existing Item when the bank has a new institution_id, or connects anyway", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const before = await connect(app, person, { bank: "ins_900012" });
  const metadata = await metadataOfHeld(app, person, "ins_900013");
  const again = await connect(app, person, { bank: "ins_900013", metadata });
  expect([again.status, again.body.error.reason]).toEqual([409, "duplicate_accounts"]);
  const { details } = again.body.error;
  expect([details.item_id, details.may_connect_anyway]).toEqual([before.body.item.id, true]);
  expect(details.accounts).toHaveLength(before.body.accounts.length);
  const anyway = await send(app, person, again.token, { metadata, connectAnyway: true });
  expect(anyway.body.outcome).toBe("connected");
});

test("connectAccount connects across institution_ids when Link sent no metadata", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const before = await connect(app, person, { bank: "ins_900012" });
  const after = await connect(app, person, { bank: "ins_900013" });
  expect(after.body.outcome).toBe("connected");
  expect(after.body.accounts).toHaveLength(before.body.accounts.length);
});

test("finishUpdateMode moves an Item to the bank's new institution_id, after which it is one bank", async ({
  app,
}) => {
  const person = await app.signUp("cfo");
  const { body } = await connect(app, person, { bank: "ins_900012" });
  const itemId: string = body.item.id;
  const link = await app.post("/trpc/plaid.createLinkToken", { itemId }, person);
  await goThroughLink(app, link.body.result.data.linkToken);
  const ended = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, person);
  expect(ended.body.result.data.item.institution.id).toBe("ins_900013");
  const again = await connect(app, person, { bank: "ins_900013" });
  expect([again.body.outcome, again.body.item.id]).toEqual(["already_connected", itemId]);
});
