import { expect, onTestFinished } from "vitest";
import { createClient } from "../../client/src/index.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { compareBooks, noDifferences } from "../support/books.ts";
import { openPage } from "../support/browser.ts";
import { startStandIn } from "../support/client.ts";
import { startOver } from "../support/fixtures.ts";
import { finishLink, link } from "../support/link.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

test("A program connects a bank with an API key and Plaid's own page, without a page of ours", async ({
  app,
  browser,
}) => {
  const worker = await startWorker(app.services);
  onTestFinished(() => worker.stop());
  const user = await app.signUp("cfo");
  const { key } = await createApiKey(app.services.db, user.id, {
    ...{ name: "Program", scopes: ["connections:write"], expiresInDays: 1 },
  });
  const client = createClient({ baseUrl: app.url, apiKey: key });
  const thanks = await startStandIn((_req, res) => res.end("<h1>Thank you</h1>"));
  const { linkId, hostedLinkUrl } = await client.plaid.createLinkToken.mutate({
    hosted: true,
    completionRedirectUri: `${thanks.url}/done?order=7`,
  });
  const { page } = await openPage(browser, { width: 390 });
  const toUs: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(app.url)) toUs.push(request.url());
  });
  await page.goto(String(hostedLinkUrl));
  await link(page).getByRole("button", { name: "Continue" }).click();
  await link(page).getByRole("button", { name: "First Platypus Bank" }).click();
  await finishLink(page);
  await page.waitForURL(`${thanks.url}/done?order=7`);
  await expect
    .poll(() => client.connections.get.query({ id: linkId }))
    .toMatchObject({ status: "connected", institutionName: "First Platypus Bank" });
  expect(toUs).toEqual([]);
  expect(await compareBooks(app)).toEqual({ ...noDifferences, connected: 1 });
});
