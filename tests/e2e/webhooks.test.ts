import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { verifyWebhook } from "../../client/src/webhooks.ts";
import { startWorker } from "../../server/jobs/worker.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { axeViolations } from "../support/axe.ts";
import { openPage } from "../support/browser.ts";
import { startOver } from "../support/fixtures.ts";
import { logIn } from "../support/link.ts";
import { deleteStepUps } from "../support/rows.ts";
import { startReceiver } from "../support/webhook-receiver.ts";

const test = testInBrowser();
test.beforeEach(({ app }) => startOver(app));

test("The webhooks page adds a webhook, shows its secret once, lists what was sent and sends it again", async ({
  app,
  browser,
}) => {
  const worker = await startWorker(app.services);
  const there = await startReceiver();
  onTestFinished(async () => void (await Promise.all([worker.stop(), there.close()])));
  const user = await app.signUp("cfo");
  await deleteStepUps(app, user);
  const { page, console } = await openPage(browser, { width: 390 });
  await logIn(app, page, user);
  await page.goto(`${app.url}/settings/webhooks`);
  await page.getByText("No webhooks yet").waitFor();
  await page.getByRole("button", { name: "Add a webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("https://10.0.0.7/hook");
  await dialog.getByLabel("Password", { exact: true }).fill(user.password);
  await dialog.getByRole("button", { name: "Add a webhook" }).click();
  await dialog.getByText("We cannot send webhooks to this address.").waitFor();
  await dialog.getByLabel("Address").fill(there.url);
  await dialog.getByLabel("transactions changed").uncheck();
  await dialog.getByRole("button", { name: "Add a webhook" }).click();
  const secret = await dialog.getByLabel("Secret", { exact: true }).inputValue();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText(there.url).waitFor();
  expect(await page.content()).not.toContain(secret.slice(6));

  there.respond = (_req, res) => res.writeHead(there.received.length > 1 ? 204 : 500).end();
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  await expect.poll(() => there.received).toHaveLength(1);
  await page.getByRole("link", { name: `Deliveries to ${there.url}` }).click();
  await page.getByText("sent once, HTTP 500").waitFor();
  await app.query("update webhook_deliveries set due_at = null");
  await page.reload();
  await page.getByRole("button", { name: "Send again: connection.connected" }).click();
  await expect.poll(() => there.received).toHaveLength(2);
  const [first, second] = there.received.map(({ headers, body }) =>
    verifyWebhook(secret, headers, body),
  );
  expect(second).toEqual(first);
  await page.getByText("Delivered", { exact: true }).waitFor();
  await page.getByText("Message").click();
  await page.getByText('"institution_name"').waitFor();
  expect(await axeViolations(page)).toEqual([]);

  // The page is read several times while the address takes its time, and each read takes longer than the time
  // until the next one.
  const isRead = (url: URL) => url.pathname.endsWith(".data");
  await page.route(isRead, async (route) => {
    await setTimeout(1_500);
    await route.fallback();
  });
  there.respond = async (_req, res) => {
    await setTimeout(2_500);
    res.writeHead(204).end();
  };
  await page.getByRole("button", { name: "Send a test event" }).click();
  const testRow = page.getByRole("listitem").filter({ hasText: "webhook.test" });
  await testRow.getByText("Delivered", { exact: true }).waitFor();
  await page.unroute(isRead);
  there.respond = (_req, res) => res.writeHead(410).end();
  await testRow.getByRole("button", { name: "Send again: webhook.test" }).click();
  await expect
    .poll(() => app.query("select 1 from webhook_endpoints where disabled_at is not null"))
    .toHaveLength(1);
  await page.reload();
  await page.getByText("We send nothing here, because this address responded 410 Gone").waitFor();
  expect(await page.getByRole("button", { name: /^Send/ }).count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("link", { name: "All webhooks" }).click();
  const disabled = page.getByText("Disabled", { exact: true });
  await disabled.waitFor();
  await page.getByRole("button", { name: `Enable ${there.url}` }).click();
  await disabled.waitFor({ state: "detached" });
  await page.getByRole("link", { name: `Deliveries to ${there.url}` }).click();
  await page.getByRole("button", { name: "Send a test event" }).waitFor();

  await page.getByRole("link", { name: "All webhooks" }).click();
  await page.getByRole("button", { name: `New secret for ${there.url}` }).click();
  await dialog.getByRole("button", { name: "New secret" }).click();
  expect(await dialog.getByLabel("Secret", { exact: true }).inputValue()).not.toBe(secret);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("The old secret signs as well until").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: `Remove ${there.url}` }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("No webhooks yet").waitFor();
  expect(await app.query("select 1 from webhook_deliveries")).toEqual([]);
  expect(console.filter((line) => !line.includes("400 (Bad Request)"))).toEqual([]);
});
