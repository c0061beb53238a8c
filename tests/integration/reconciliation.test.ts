import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { FiscilityError, reasons } from "../../server/contracts/errors.ts";
import { toPlaidFailure } from "../../server/plaid/plaid-error.ts";
import { warnIfUserApisRefused } from "../../server/reconciliation/plaid-user.ts";
import { reconcile } from "../../server/reconciliation/reconcile.ts";
import type { Services } from "../../server/services.ts";
import { startTestApp, type TestApp, type TestUser } from "../support/app.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { built } from "../support/built.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());
afterEach(async () => {
  await app.clearFaults();
  await app.resetPlaid();
  await app.query("delete from users");
  await app.query("delete from ended_plaid_users");
  await app.query("delete from plaid_clients");
  app.logLines.length = 0;
});

/** The services with a clock so many minutes ahead. */
const later = (minutes: number, services: Services = app.services): Services => ({
  ...services,
  clock: { now: () => new Date(Date.now() + minutes * 60_000) },
});
/** Runs one pass, so many minutes from now. The first pass starts the sweep's first round. */
const pass = (minutes = 0, services?: Services) =>
  reconcile(later(minutes, services), app.services.log);
const exchange = (publicToken: string, user: TestUser) =>
  app.post("/plaid/exchange-token", { public_token: publicToken }, user);
const activity = async (user: TestUser) =>
  (await app.get("/api/v1/activity", user)).entries as {
    kind: string;
    reason: string | null;
    clean_up: string | null;
  }[];
const activityPage = async ({ cookie }: TestUser) =>
  (await fetch(`${app.url}/activity`, { headers: { cookie } })).text();
const statuses = async () => (await app.query("select status from items")).map((row) => row.status);
const aliveAtPlaid = async () => (await app.itemsAtPlaid()).filter((item) => !item.removed);
const linesOf = (event: string) =>
  app.logLines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

/** Calls the User APIs as the product's own client. */
async function plaid(path: string, body: object) {
  const response = await fetch(`${app.sandboxUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ client_id: app.env.PLAID_CLIENT_ID, secret: app.env.PLAID_SECRET },
      ...body,
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came back.
  const result: any = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(result));
  return result;
}
const plaidUserOf = async ({ id }: TestUser): Promise<string> =>
  (await app.query("select plaid_user_id from plaid_users where user_id = $1", [id]))[0]
    ?.plaid_user_id;

/** Connects with a lost response: the Item exists at Plaid, and no row holds its token. */
async function loseExchange(user: TestUser) {
  const token = await app.linkedToken(user);
  await app.fault({ path: "/item/public_token/exchange", times: 1, do: { drop: "after" } });
  return exchange(token, user);
}

/** Runs one of the operator's commands. */
async function command(name: string, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...built(name), ...options], {
    env: { ...process.env, DATABASE_URL: app.databaseUrl },
  });
  return stdout;
}

test("createLinkToken creates one Plaid user in a race and after a lost response, and link tokens contain it", async () => {
  const user = await app.signUp("cfo");
  await app.fault({ path: "/user/create", times: 1, do: { drop: "after" } });
  const made = await Promise.all(
    Array.from({ length: 6 }, () => app.post("/plaid/create-link-token", {}, user)),
  );
  expect(made.map(({ status }) => status)).toEqual(made.map(() => 200));
  const rows = await app.query("select plaid_user_id, user_id from plaid_users");
  expect(rows).toEqual([{ plaid_user_id: expect.stringMatching(/^usr_/), user_id: user.id }]);
  const calls = await app.requestsAtPlaid("/user/create");
  const { body } = await app.post("/plaid/create-link-token", {}, user);
  expect(await app.requestsAtPlaid("/user/create")).toBe(calls);
  const token = await plaid("/link/token/get", { link_token: body.link_token });
  expect(token.user_id).toBe(rows[0].plaid_user_id);
  expect(await plaid("/user/get", { user_id: token.user_id })).toMatchObject({
    client_user_id: user.id,
  });
});

test("connectAccount makes the same two calls to Plaid with the reconciliation", async () => {
  const user = await app.signUp("cfo");
  const token = await app.linkedToken(user);
  const before = ((await app.control("GET", "requests")) as { requests: object[] }).requests.length;
  expect((await exchange(token, user)).body.outcome).toBe("connected");
  const { requests } = (await app.control("GET", "requests")) as { requests: { path: string }[] };
  expect(requests.slice(before).map(({ path }) => path)).toEqual([
    "/item/public_token/exchange",
    "/accounts/get",
  ]);
});

test("Everything works when Plaid refuses the User APIs, and the log and npm run attempts say what cannot be guaranteed", async () => {
  await app.control("POST", "settings", { user_apis: false });
  const user = await app.signUp("cfo");
  expect((await app.post("/plaid/create-link-token", {}, user)).status).toBe(200);
  expect((await app.post("/plaid/create-link-token", {}, user)).status).toBe(200);
  expect(await app.requestsAtPlaid("/user/create")).toBe(1);
  expect((await exchange(await app.publicToken(), user)).body.outcome).toBe("connected");
  expect((await loseExchange(user)).body.error).toMatchObject({
    reason: "exchange_lost",
    details: { clean_up: false },
  });
  expect(await activityPage(user)).toContain("you can end the unfinished connection on your");
  expect(await pass()).toBe(0);
  expect((await activity(user))[0]).toMatchObject({ reason: "exchange_lost", clean_up: null });
  expect(linesOf("user_apis_refused")).toHaveLength(1);
  await warnIfUserApisRefused(app.services);
  expect(linesOf("user_apis_refused")).toHaveLength(2);
  const listed = await command("attempts");
  expect(listed).toMatch(/refused .*sandbox\/test-client-id .*cannot be found or removed/);
  expect(listed).toMatch(new RegExp(`lost .*user ${user.id} .*ask Plaid's support`));

  // Plaid enables them: an hour later the next pass finds out, and the Items are associated.
  await app.control("POST", "settings", { user_apis: true });
  expect(await pass(61)).toBe(1);
  const { items } = await plaid("/user/items/get", { user_id: await plaidUserOf(user) });
  expect(items).toHaveLength(1);
  expect(await app.query("select user_apis_refused_at from plaid_clients")).toEqual([
    { user_apis_refused_at: null },
  ]);
});

test("A Plaid user that Plaid no longer knows is created again, and Link opens meanwhile", async () => {
  const user = await app.signUp("cfo");
  await exchange(await app.linkedToken(user), user);
  const first = await plaidUserOf(user);
  await app.query("update plaid_users set plaid_user_id = 'usr_gone'");
  expect((await app.post("/plaid/create-link-token", {}, user)).status).toBe(200);
  expect((await app.post("/plaid/create-link-token", {}, user)).status).toBe(200);
  expect(await plaidUserOf(user)).toBe(first);
});

test("The first round associates existing users and Items, through an outage, and shows one that is gone at Plaid as ended", async () => {
  const users = await Promise.all([1, 2, 3].map(() => app.signUp("cfo")));
  for (const user of users) {
    for (const bank of ["ins_109508", "ins_109510"]) {
      await exchange(await app.publicToken(bank), user);
    }
  }
  const [gone] = await app.query("select plaid_item_id, user_id from items limit 1");
  const { user_id } = await plaid("/user/create", { client_user_id: "nobody" });
  await plaid("/user/items/associate", { user_id, item_ids: [gone.plaid_item_id] });
  await plaid("/user/items/remove", { user_id, item_ids: [gone.plaid_item_id] });

  await app.fault({
    path: "/user/items/associate",
    times: 6,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  await pass();
  const tied = () => app.query("select 1 from items where plaid_user_id is not null");
  expect(await tied()).toEqual([]);
  await pass(1);
  await pass(2);
  expect(await tied()).toHaveLength(5);
  expect((await statuses()).sort()).toEqual([...Array(5).fill("good"), "revoked"]);
  for (const user of users) {
    const { items } = await plaid("/user/items/get", { user_id: await plaidUserOf(user) });
    expect(items).toHaveLength(user.id === gone.user_id ? 1 : 2);
  }
  // The round is done, and the next one is a week away.
  const calls = await app.requestsAtPlaid("/user/items/get");
  await pass(3);
  await pass(60 * 24 * 6);
  expect(await app.requestsAtPlaid("/user/items/get")).toBe(calls);
  await pass(60 * 24 * 7 + 1);
  expect(await app.requestsAtPlaid("/user/items/get")).toBe(calls + 1);
});

test("A user whose list Plaid never returns does not delay the sweep", async () => {
  const owners = await Promise.all([1, 2, 3].map(() => app.signUp("cfo")));
  for (const user of owners) await exchange(await app.publicToken(), user);
  const [first] = await app.query("select id from users order by id limit 1");
  const { users } = app.services.plaid;
  const failing: typeof users.listItems = async (plaidUserId, options) => {
    if (plaidUserId !== (await plaidUserOf(first))) return users.listItems(plaidUserId, options);
    throw toPlaidFailure(new Error("the list of one user fails"));
  };
  const services = {
    ...app.services,
    plaid: { ...app.services.plaid, users: { ...users, listItems: failing } },
  };
  for (const minutes of [0, 1, 2, 3, 4, 5]) await pass(minutes, services);
  expect(await app.query("select 1 from items where plaid_user_id is not null")).toHaveLength(2);
  expect(await app.query("select rounds from plaid_clients")).toEqual([{ rounds: 1 }]);
});

test("A lost exchange is removed 40 minutes after Plaid's list shows it, and its entry closes (I1, I8)", async () => {
  const user = await app.signUp("cfo");
  await app.control("POST", "settings", { user_items_delay_ms: 600_000 });
  const { body } = await loseExchange(user);
  expect(body.error.message).toBe(
    "We lost the bank's reply. Connect again; we clean up the unfinished connection.",
  );
  expect(body.error.message).toBe(reasons.exchange_lost.message);
  expect(body.error.details).toEqual({ clean_up: true });
  expect(await activity(user)).toMatchObject([{ kind: "failed", clean_up: "pending" }]);
  expect(await activityPage(user)).toContain("we clean up the unfinished connection");
  // The user connects again meanwhile.
  expect((await exchange(await app.linkedToken(user), user)).body.outcome).toBe("connected");

  for (let minute = 0; minute < 5; minute += 1) await pass(minute);
  expect(await app.requestsAtPlaid("/user/items/get")).toBe(5);
  await app.advanceClock(600);
  await pass(5);
  expect(linesOf("unclaimed_item")).toMatchObject([{ outcome: "seen" }]);
  await pass(44);
  expect(await aliveAtPlaid()).toHaveLength(2);
  await pass(46);
  expect(await aliveAtPlaid()).toHaveLength(1);
  // One call in each round: each minute until it was listed, then after 40 minutes.
  expect(await app.requestsAtPlaid("/user/items/get")).toBe(7);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
  expect(await activity(user)).toMatchObject([
    { kind: "connected" },
    { kind: "failed", reason: "exchange_lost", clean_up: "done" },
  ]);
  expect(await activityPage(user)).toContain("The unfinished connection is cleaned up.");
  expect(linesOf("unclaimed_item").map(({ outcome }) => outcome)).toEqual(["seen", "removed"]);
  expect(linesOf("unclaimed_item")[1].plaidRequestId).toBeTruthy();
  expect(await command("attempts")).toContain("no exchange was lost");
});

test("A Link that was finished and never exchanged is removed by the sweep, with one entry (I8)", async () => {
  const user = await app.signUp("cfo");
  await app.linkedToken(user, "ins_109510");
  await pass();
  await pass(41);
  await pass(42);
  expect(await aliveAtPlaid()).toEqual([]);
  expect(await activity(user)).toMatchObject([
    { kind: "failed", reason: "link_not_finished", clean_up: "done" },
  ]);
  expect(linesOf("unclaimed_item").map(({ outcome }) => outcome)).toEqual(["seen", "removed"]);
});

test("A removal whose response is lost is accounted for by the next round (I8)", async () => {
  const user = await app.signUp("cfo");
  await loseExchange(user);
  await pass();
  await app.fault({ path: "/user/items/remove", times: 3, do: { drop: "after" } });
  await pass(41);
  expect(await activity(user)).toMatchObject([{ clean_up: "pending" }]);
  await pass(43);
  expect(await aliveAtPlaid()).toEqual([]);
  expect(await activity(user)).toMatchObject([{ clean_up: "done" }]);
});

test("A row that Plaid does not list is checked and shown as ended", async () => {
  const user = await app.signUp("cfo");
  await exchange(await app.linkedToken(user, "ins_109508"), user);
  await exchange(await app.linkedToken(user, "ins_109510"), user);
  await pass();
  const [{ plaid_item_id: gone }] = await app.query("select plaid_item_id from items limit 1");
  const user_id = await plaidUserOf(user);
  await plaid("/user/items/remove", { user_id, item_ids: [gone] });
  await app.query("update plaid_users set due_at = now()");
  await pass(1);
  expect((await statuses()).sort()).toEqual(["good", "revoked"]);
  expect((await activity(user))[0]).toMatchObject({ kind: "revoked" });
});

test("An empty list, and one with another user's Items, remove nothing and end nothing (I1)", async () => {
  const [one, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  await exchange(await app.linkedToken(one), one);
  await exchange(await app.linkedToken(other), other);
  await pass();
  const { plaid_item_id: foreign } = (
    await app.query("select plaid_item_id from items where user_id = $1", [other.id])
  )[0];
  await plaid("/user/items/associate", {
    user_id: await plaidUserOf(one),
    item_ids: [foreign],
  });
  await app.fault({
    path: "/user/items/get",
    times: 1,
    do: { status: 200, body: { items: [], request_id: "empty" } },
  });
  for (const minutes of [1, 42, 83, 124]) {
    await app.query("update plaid_users set due_at = now()");
    await pass(minutes);
  }
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 2 });
  expect(await statuses()).toEqual(["good", "good"]);
  expect(await app.requestsAtPlaid("/user/items/remove")).toBe(0);
  // Its own user's round associates it with the right one again.
  const { items } = await plaid("/user/items/get", { user_id: await plaidUserOf(other) });
  expect(items).toMatchObject([{ item_id: foreign }]);
});

test("Five Items of a user a day are removed, the rest with npm run books -- --confirm; one that Plaid refuses stays (I1)", async () => {
  const user = await app.signUp("cfo");
  for (let n = 0; n < 10; n += 1) await app.linkedToken(user);
  await pass();
  await pass(41);
  expect(await aliveAtPlaid()).toHaveLength(5);
  await pass(42);
  await pass(24 * 60);
  expect(await aliveAtPlaid()).toHaveLength(5);
  await app.query("update unclaimed_items set first_seen_at = first_seen_at - interval '1 hour'");
  expect(await command("books", "--confirm")).toMatch(/^5 confirmed/);
  const refused = (await aliveAtPlaid())[2]?.item_id as string;
  const { users } = app.services.plaid;
  const services = {
    ...app.services,
    plaid: {
      ...app.services.plaid,
      users: {
        ...users,
        removeItems: async (...[userId, ids]: Parameters<typeof users.removeItems>) => {
          if (ids.includes(refused)) throw new FiscilityError("plaid_refused");
          return users.removeItems(userId, ids);
        },
      },
    },
  };
  await pass(43, services);
  expect((await aliveAtPlaid()).map(({ item_id }) => item_id)).toEqual([refused]);
  await pass(44);
  expect(await aliveAtPlaid()).toEqual([]);
});

test("account.delete removes the Plaid user after its Items, through an outage, and a lost Item with it (I1)", async () => {
  const user = await app.signUp("cfo");
  await exchange(await app.linkedToken(user), user);
  await loseExchange(user);
  const plaidUser = await plaidUserOf(user);
  await app.fault({ path: "/user/remove", times: 3, do: { error: "INTERNAL_SERVER_ERROR" } });
  const deleted = await fetch(
    `${app.url}/api/v1/account?confirmation=delete%20my%20account`,
    (await app.stepUp(user)) && { method: "DELETE", headers: { cookie: user.cookie } },
  );
  expect(deleted.status).toBe(200);
  expect(await app.query("select 1 from users")).toEqual([]);
  expect(await app.query("select 1 from plaid_users")).toEqual([]);
  expect(await aliveAtPlaid()).toHaveLength(1);
  // A Link that is open for four hours could still add an Item.
  await pass(4 * 60);
  expect(await app.requestsAtPlaid("/user/remove")).toBe(0);
  await pass(4 * 60 + 41);
  expect(await app.requestsAtPlaid("/user/remove")).toBe(3);
  await pass(4 * 60 + 43);
  expect(await aliveAtPlaid()).toEqual([]);
  await expect(plaid("/user/get", { user_id: plaidUser })).rejects.toThrow("USER_NOT_FOUND");
  expect(await app.query("select 1 from ended_plaid_users")).toEqual([]);
  expect(linesOf("plaid_user").at(-1)).toMatchObject({ outcome: "ended" });
});
