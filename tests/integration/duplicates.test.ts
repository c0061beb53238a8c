import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { goThroughLink } from "../support/link-session.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
beforeEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
});

const platypus = "ins_109508";
const chase = "ins_56";

/**
 * Connects with a token of this bank and log-in, with the metadata that Link would pass, or with `metadata`.
 */
async function connect(
  user: TestUser,
  more: { bank?: string; holder?: string; metadata?: unknown; connectAnyway?: boolean } = {},
) {
  const { bank = platypus, holder = "user_good", ...rest } = more;
  const token = await app.publicToken(bank, holder);
  return { token, ...(await send(user, token, rest)) };
}

const send = (
  user: TestUser,
  token: string,
  { metadata, connectAnyway }: { metadata?: unknown; connectAnyway?: boolean } = {},
) =>
  app.post(
    "/plaid/exchange-token",
    { public_token: token, metadata, connect_anyway: connectAnyway },
    user,
  );

/** Link's metadata for the accounts that the user has now. */
async function metadataOfHeld(user: TestUser, bank = platypus) {
  const accounts = await app.query(
    "select name, mask, type, subtype from accounts where user_id = $1 order by position",
    [user.id],
  );
  return {
    institution: { institution_id: bank, name: "The bank" },
    accounts: accounts.map((account, n) => ({ id: `link-${n}`, ...account })),
    link_session_id: "a-link-session",
  };
}

const exchanges = () => app.requestsAtPlaid("/item/public_token/exchange");

test("connectAccount does not exchange accounts that Link's metadata shows as known, and returns which and what to do (I2, K3)", async () => {
  const user = await app.signUp("cfo");
  const first = await connect(user);
  const again = await connect(user, { metadata: await metadataOfHeld(user) });
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
  expect(await exchanges()).toBe(1);
  const [, entry] = await app.query("select * from account_activity order by created_at");
  expect([entry.kind, entry.reason]).toEqual(["refused", "duplicate_accounts"]);
});

test("connectAccount connects a second log-in at one bank when the same public_token is sent with connectAnyway (I2)", async () => {
  const user = await app.signUp("cfo");
  await connect(user);
  const metadata = await metadataOfHeld(user);
  const { token } = await connect(user, { metadata, holder: "user_spouse" });
  const anyway = await send(user, token, { metadata, connectAnyway: true });
  expect(anyway.body.outcome).toBe("connected");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
});

test("connectAccount removes an Item without new accounts, and returns the Item that has them (I2)", async () => {
  const user = await app.signUp("cfo");
  const first = await connect(user);
  const again = await connect(user);
  expect(again.body.outcome).toBe("already_connected");
  expect(again.body.item.id).toBe(first.body.item.id);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect((await app.itemsAtPlaid()).filter((item) => !item.removed)).toHaveLength(1);
  // The same public_token a day later gets the first result.
  const later = await send(user, again.token);
  expect([later.body.outcome, later.body.item.id]).toEqual([
    "already_connected",
    first.body.item.id,
  ]);
  const kinds = await app.query("select kind from account_activity order by created_at");
  expect(kinds.map(({ kind }) => kind)).toEqual(["connected", "already_connected"]);
});

test("connectAccount recognizes an account by the bank's own id, whatever its name (I2)", async () => {
  const user = await app.signUp("cfo");
  const first = await connect(user, { bank: chase });
  await app.query("update accounts set name = name || ' (renamed)', mask = '9999'");
  const again = await connect(user, { bank: chase, connectAnyway: true });
  const withId = await app.query(
    "select id from accounts where persistent_account_id is not null and item_id = $1",
    [first.body.item.id],
  );
  expect(withId.length).toBeGreaterThan(0);
  // Only accounts without the bank's own id may count as new.
  expect(again.body.accounts?.length ?? 0).toBe(first.body.accounts.length - withId.length);
});

test("connectAccount adds the new accounts and keeps the known ones where they are when a bank shares both (I2)", async () => {
  const user = await app.signUp("cfo");
  const first = await connect(user);
  await app.query("delete from accounts where user_id = $1 and position >= 2", [user.id]);
  const again = await connect(user);
  expect(again.body.outcome).toBe("connected");
  expect(again.body.accounts).toHaveLength(first.body.accounts.length - 2);
  expect((await compareBooks(app)).duplicates).toBe(0);
  const [{ n }] = await app.query("select count(*)::int n from accounts");
  expect(n).toBe(first.body.accounts.length);
});

test.each(["ins_56", "ins_13", "ins_15", "ins_11"])(
  "connectAccount at %s, where a second Item may invalidate the first, offers only to reconnect (I2)",
  async (bank) => {
    const user = await app.signUp("cfo");
    await connect(user, { bank });
    const metadata = await metadataOfHeld(user, bank);
    const again = await connect(user, { bank, metadata });
    expect(again.body.error.details.may_connect_anyway).toBe(false);
    const insisted = await send(user, again.token, { metadata, connectAnyway: true });
    expect(insisted.body.error.reason).toBe("duplicate_accounts");
    expect(await exchanges()).toBe(1);
  },
);

test.each([
  ["fewer accounts, which a second log-in breaks", [0], "login_required"],
  ["the same accounts", undefined, "good"],
] as const)(
  "connectAccount checks the Item at Chase with %s when it refuses the second, and counts what is new (I2)",
  async (_what, chosen, status) => {
    const user = await app.signUp("cfo");
    const link = async (chosen?: number[]) => {
      const { body } = await app.post("/plaid/create-link-token", {}, user);
      return goThroughLink(app, body.link_token, { bank: chase, ...(chosen && { chosen }) });
    };
    const first = await link(chosen && [...chosen]);
    await send(user, first.publicToken);
    const second = await link();
    const { body } = await send(user, second.publicToken, { metadata: second.metadata });
    const all = (second.metadata as { accounts: object[] }).accounts.length;
    expect(body.error).toMatchObject({
      reason: "duplicate_accounts",
      details: {
        ...{ may_connect_anyway: false, offered_count: all, item_status: status },
        new_count: chosen ? all - 1 : 0,
      },
    });
    const [item] = await app.query("select status from items");
    expect(item.status).toBe(status);
    expect(await exchanges()).toBe(1);
  },
);

test("Update mode logs the user in again without a new Item", async () => {
  const user = await app.signUp("cfo");
  const { body } = await connect(user);
  const itemId = body.item.id;
  await app.query("update items set status = 'login_required' where id = $1", [itemId]);
  const link = await app.post("/trpc/plaid.createLinkToken", { itemId }, user);
  expect(link.body.result.data.linkToken).toMatch(/^link-sandbox-/);

  const finish = (linkSessionId: string) =>
    app.post("/trpc/plaid.finishUpdateMode", { itemId, linkSessionId }, user);
  for (let twice = 0; twice < 2; twice += 1) {
    const done = await finish("session-1");
    expect(done.body.result.data.item.status).toBe("good");
  }
  const [{ plaid_item_id }] = await app.query("select plaid_item_id from items");
  await app.control("POST", "items/reset-login", { item_id: plaid_item_id });
  const early = await finish("session-2");
  expect(early.body.error.data.reason).toBe("bank_login_required");
  expect(await exchanges()).toBe(1);
  const kinds = await app.query("select kind from account_activity order by created_at");
  expect(kinds.map(({ kind }) => kind)).toEqual(["connected", "reconnected", "login_required"]);
});

test("Update mode returns not_found for another user's Item (I6)", async () => {
  const [user, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const { body } = await connect(user);
  for (const name of ["createLinkToken", "finishUpdateMode"]) {
    const response = await app.post(`/trpc/plaid.${name}`, { itemId: body.item.id }, other);
    expect([name, response.status]).toEqual([name, 404]);
  }
});

test("Forged metadata is advice and never trusted: no accounts, too many, another bank's", async () => {
  const user = await app.signUp("accountant");
  const bank = { institution_id: chase, name: "Not this bank" };
  const account = (n: number) => ({
    id: `x${n}`,
    name: `Made up ${n}`,
    mask: "1",
    subtype: "checking",
  });
  const forged = async (metadata: unknown) => (await connect(user, { metadata })).body;
  // More accounts than are read, and more than the plan has room for.
  const many = Array.from({ length: 10_000 }, (_, n) => account(n));
  const [most, tooMany] = [
    await forged({ institution: bank, accounts: many.slice(0, 300) }),
    await forged({ institution: bank, accounts: many.slice(0, 11) }),
  ];
  expect([most.error.reason, tooMany.error.reason]).toEqual(["limit_reached", "limit_reached"]);
  expect(await exchanges()).toBe(0);
  // Metadata without accounts gets no more than the plan allows.
  await app.query("update users set plan = 'intern'");
  expect((await forged({ accounts: [] })).error.reason).toBe("limit_reached");
  await app.query("update users set plan = 'cfo'");
  const taken = await forged({ institution: bank, accounts: [account(1)] });
  expect(taken.item.institution).toMatchObject({ id: platypus, name: "First Platypus Bank" });
  expect(taken.accounts.map(({ name }: { name: string }) => name)).toContain("Plaid Checking");
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});

test("Accounts of the metadata without any text do not count towards the plan", async () => {
  const user = await app.signUp("accountant");
  const room = await app.query("select max_accounts as max from plans where id = 'accountant'");
  const accounts = [null, {}, [], 7, { name: 5 }, { mask: "\0" }].flatMap((each) =>
    Array.from({ length: room[0].max }, () => each),
  );
  const { body } = await connect(user, { bank: "ins_900012", metadata: { accounts } });
  expect(body.outcome ?? body.error.details).toBe("connected");
});

test("A smaller plan disconnects no bank and blocks new ones (P2)", async () => {
  const user = await app.signUp("analyst");
  await connect(user);
  await app.query("update users set plan = 'intern'");
  const refused = await connect(user, { bank: "ins_109509" });
  expect(refused.body.error.reason).toBe("limit_reached");
  expect((await compareBooks(app)).connected).toBe(1);
});

test.each([
  ["n - 1", 13, "connected"],
  ["n", 12, "connected"],
  ["n + 1", 11, "limit_reached"],
])("connectAccount at %s accounts of the plan (I3)", async (_name, max, outcome) => {
  const user = await app.signUp("intern");
  await app.query(
    "insert into plans (id, name, price_monthly, currency, max_accounts) values ($1, $1, 1, 'USD', $2) on conflict do nothing",
    [`p${max}`, max],
  );
  await app.query("update users set plan = $1", [`p${max}`]);
  // This bank has twelve accounts.
  const { body } = await connect(user, { bank: "ins_109511" });
  expect(body.outcome ?? body.error.reason).toBe(outcome);
  if (body.error) {
    expect(body.error.details).toMatchObject({ limit: 11, used: 0, wanted: 12 });
    expect((await app.itemsAtPlaid()).filter((item) => !item.removed)).toEqual([]);
  }
});

test("A bank under a new institution_id is offered as the connected one, and may be connected anyway", async () => {
  const user = await app.signUp("cfo");
  const before = await connect(user, { bank: "ins_900012" });
  const metadata = await metadataOfHeld(user, "ins_900013");
  const again = await connect(user, { bank: "ins_900013", metadata });
  expect([again.status, again.body.error.reason]).toEqual([409, "duplicate_accounts"]);
  const { details } = again.body.error;
  expect([details.item_id, details.may_connect_anyway]).toEqual([before.body.item.id, true]);
  expect(details.accounts).toHaveLength(before.body.accounts.length);
  const anyway = await send(user, again.token, { metadata, connectAnyway: true });
  expect(anyway.body.outcome).toBe("connected");
});

test("A match under another institution_id ends no attempt: without Link's metadata the bank is connected", async () => {
  const user = await app.signUp("cfo");
  const before = await connect(user, { bank: "ins_900012" });
  const after = await connect(user, { bank: "ins_900013" });
  expect(after.body.outcome).toBe("connected");
  expect(after.body.accounts).toHaveLength(before.body.accounts.length);
});

test("Update mode that moves an Item to the bank's new institution_id moves it here, and then it is one bank", async () => {
  const user = await app.signUp("cfo");
  const { body } = await connect(user, { bank: "ins_900012" });
  const itemId: string = body.item.id;
  const link = await app.post("/trpc/plaid.createLinkToken", { itemId }, user);
  await goThroughLink(app, link.body.result.data.linkToken);
  const ended = await app.post("/trpc/plaid.finishUpdateMode", { itemId }, user);
  expect(ended.body.result.data.item.institution.id).toBe("ins_900013");
  const again = await connect(user, { bank: "ins_900013" });
  expect([again.body.outcome, again.body.item.id]).toEqual(["already_connected", itemId]);
});
