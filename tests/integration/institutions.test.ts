import { expect } from "vitest";
import { updateBranding } from "../../server/items/update-branding.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";

const test = testWithApp();

async function connect(app: TestApp, user: TestUser): Promise<string> {
  const body = { public_token: await app.publicToken("ins_109508") };
  return (await app.post("/plaid/exchange-token", body, user)).body.item.id;
}

async function institutionOf(app: TestApp, user: TestUser) {
  const cookie = { cookie: user.cookie };
  const response = await fetch(`${app.url}/api/v1/accounts`, { headers: cookie });
  return (await response.json()).items[0].institution;
}

test("A bank's logo, color and website are fetched once for all its users, and served from here (I5)", async ({
  app,
}) => {
  await app.query("delete from institutions");
  const [ada, grace] = await Promise.all([app.signUp("cfo"), app.signUp("cfo")]);
  const itemIds = await Promise.all([ada, grace].map((user) => connect(app, user)));
  expect(await institutionOf(app, ada)).toMatchObject({ logo: null, color: null, url: null });
  const calls = await app.requestsAtPlaid("/institutions/get_by_id");
  const keep = () =>
    Promise.all(
      [ada, grace].map(({ id: userId }, at) =>
        updateBranding(app.services, { userId, itemId: itemIds[at] as string }, app.services.log),
      ),
    );
  await keep();
  await keep();
  expect((await app.requestsAtPlaid("/institutions/get_by_id")) - calls).toBe(1);

  await app.query("update users set data_version = data_version + 1");
  for (const user of [ada, grace]) {
    const { color, url, logo } = await institutionOf(app, user);
    expect(color).toBe("#1f6f78");
    expect(url).toMatch(/^https:/);
    const image = await fetch(`${app.url}${logo}`);
    expect([image.status, image.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(image.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(100);
  }
});

test("A bank that Plaid cannot return now does not change, and is fetched on another day", async ({
  app,
}) => {
  await app.query("delete from institutions");
  const user = await app.signUp("cfo");
  const itemId = await connect(app, user);
  const item = { userId: user.id, itemId };
  await app.fault({
    path: "/institutions/get_by_id",
    times: 9,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  await updateBranding(app.services, item, app.services.log);
  await app.clearFaults();
  await updateBranding(app.services, item, app.services.log);
  expect((await institutionOf(app, user)).logo).toBeNull();
  await app.query("update institutions set asked_at = now() - interval '2 days'");
  await updateBranding(app.services, item, app.services.log);
  expect((await institutionOf(app, user)).logo).toMatch(/^\/logos\/[0-9a-f]{32}\.png$/);
});

test("An unknown logo is a 404", async ({ app }) => {
  for (const name of [`${"0".repeat(32)}.png`, "x.png", "..%2fx"]) {
    expect((await fetch(`${app.url}/logos/${name}`)).status).toBe(404);
  }
});
