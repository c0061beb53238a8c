import { expect } from "vitest";
import { returnToLink } from "../../server/connect/return-to-link.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { startOver, testWithApp } from "../support/fixtures.ts";
import { goThroughLink } from "../support/link-session.ts";
import { itemsOf, lockWaiters, only } from "../support/rows.ts";

/** A bank that logs users in on its own site redirects a user back who has Link open in several tabs. */
const test = testWithApp();
test.beforeEach(({ app }) => startOver(app));

/** Presses Connect in one tab. */
async function openLink(app: TestApp, user: TestUser) {
  const { body } = await app.post("/trpc/plaid.createLinkToken", {}, user);
  return body.result.data as { linkToken: string; linkId: string };
}

const comeBack = (
  app: TestApp,
  user: TestUser,
  oauthStateId: string,
  { linkId = null, again = false }: { linkId?: string | null; again?: boolean } = {},
) => returnToLink(app.services, user, { oauthStateId, linkId, again });

const goesOn = ({ linkToken }: { linkToken: string }) => ({ at: "open", linkToken, itemId: null });

test("returnToLink gives each tab its own Link, whichever returns first and whatever was opened since", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const [first, second, third] = [
    await openLink(app, user),
    await openLink(app, user),
    await openLink(app, user),
  ];
  expect(await comeBack(app, user, "one", first)).toEqual(goesOn(first));
  expect(await comeBack(app, user, "two", second)).toEqual(goesOn(second));
  // Back in the same Link, from another bank.
  expect(await comeBack(app, user, "three", first)).toEqual(goesOn(first));
  expect(await comeBack(app, user, "four")).toEqual(goesOn(third));
  expect(await comeBack(app, user, "five")).toEqual({ at: "lost" });
});

test("returnToLink gives a tab without a Link of its own the newest that no bank has returned to", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const [first, second] = [await openLink(app, user), await openLink(app, user)];
  expect(await comeBack(app, user, "one")).toEqual(goesOn(second));
  expect(await comeBack(app, user, "two", { linkId: crypto.randomUUID() })).toEqual(goesOn(first));
});

test("returnToLink gives no tab a Link that is over or expired, nor another user's (I6)", async ({
  app,
}) => {
  const [user, other] = [await app.signUp("cfo"), await app.signUp("cfo")];
  const link = await openLink(app, user);
  expect(await comeBack(app, other, "one", link)).toEqual({ at: "lost" });
  expect(await comeBack(app, user, "one", link)).toEqual(goesOn(link));
  expect(await comeBack(app, other, "one", link)).toEqual({ at: "lost" });
  for (const table of ["link_tokens", "open_links"]) {
    await app.query(`update ${table} set expires_at = now()`);
  }
  expect(await comeBack(app, user, "two", link)).toEqual({ at: "lost" });
  expect(await comeBack(app, user, "one", { ...link, again: true })).toEqual({ at: "lost" });
});

test("returnToLink gives two tabs that return at the same moment different Links", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await openLink(app, user);
  // Both have chosen the Link when the first of them gets it.
  const returned = await app.services.db.transaction().execute(async (tx) => {
    await tx.selectFrom("link_tokens").select("id").forUpdate().execute();
    const tabs = ["one", "two"].map((state) => comeBack(app, user, state));
    await expect.poll(async () => (await lockWaiters(app)).length).toBe(2);
    return tabs;
  });
  const ends = (await Promise.all(returned)).map(({ at }) => at);
  expect(ends.sort()).toEqual(["lost", "open"]);
});

test("returnToLink returns how its Link ended for an address that is opened again", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const link = await openLink(app, user);
  await comeBack(app, user, "state", link);
  expect(await comeBack(app, user, "state", link)).toEqual({ at: "opened_before" });
  expect(await comeBack(app, user, "state", { again: true })).toEqual(goesOn(link));

  const { publicToken } = await goThroughLink(app, link.linkToken, { bank: "ins_109508" });
  const bank = "First Platypus Bank";
  await app.query("update link_tokens set finished_at = now(), institution_name = $1", [bank]);
  expect(await comeBack(app, user, "state")).toEqual({ at: "pending", bank });

  const request = { publicToken, linkToken: link.linkToken };
  await app.post("/trpc/connectAccount", request, user);
  expect(await comeBack(app, user, "state")).toEqual({
    ...{ at: "over", outcome: "connected", bank, reason: null },
  });

  const { id } = await only(itemsOf(app));
  await app.query("update link_attempts set status = 'failed', reason = 'disconnected'");
  expect(await comeBack(app, user, "state")).toMatchObject({ outcome: "unknown" });
  await app.query("update link_attempts set status = 'started', reason = null");
  expect(await comeBack(app, user, "state")).toEqual({ at: "pending", bank });
  await app.query("update link_attempts set status = 'failed', reason = 'limit_reached'");
  expect(await comeBack(app, user, "state")).toMatchObject({
    ...{ at: "over", outcome: "not_connected", reason: "limit_reached" },
  });
  await app.query("update link_attempts set status = 'failed', reason = 'nothing_new'");
  expect(await comeBack(app, user, "state")).toMatchObject({ outcome: "connected" });
  await app.query("delete from link_attempts where id = $1", [id]);
  expect(await comeBack(app, user, "state")).toMatchObject({ outcome: "unknown" });
  await app.query("update link_tokens set outcome = 'not_connected', reason = 'connect_failed'");
  expect(await comeBack(app, user, "state")).toMatchObject({
    ...{ outcome: "not_connected", reason: "connect_failed" },
  });
});

test("returnToLink continues a Link that a node of the previous release opened", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const link = await openLink(app, user);
  await app.query("delete from link_tokens");
  expect(await comeBack(app, user, "state")).toEqual(goesOn(link));
});

test("The link_token of a return is in a response that is never cached, and only for its user", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  const { linkId, linkToken } = await openLink(app, user);
  const post = (cookie: string) =>
    fetch(`${app.url}/connect/oauth.data`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: app.url, cookie },
      body: new URLSearchParams({ oauth_state_id: "state", link_id: linkId }),
      redirect: "manual",
    });
  expect(await (await post("")).text()).not.toContain(linkToken);
  const returned = await post(user.cookie);
  expect(returned.headers.get("cache-control")).toBe("no-store");
  expect(await returned.text()).toContain(linkToken);
  const page = await fetch(`${app.url}/connect/oauth?oauth_state_id=state`, {
    headers: { cookie: user.cookie },
  });
  expect(await page.text()).not.toContain("link-sandbox");
});
