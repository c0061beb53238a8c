import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { freePort } from "../../local/ports.ts";
import { startWorker, type Worker } from "../../server/jobs/worker.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { closePages, launchBrowser, openPage, type Witness } from "../support/browser.ts";
import { card, finishLink, logIn, openBank } from "../support/link.ts";
import { casesOf, matrixTest } from "../support/matrix.ts";
import { redisFound, startRedis, type TestRedis } from "../support/redis.ts";
import { makeJobsDue } from "../support/rows.ts";

let redis: TestRedis | undefined;
let redisPort: number;
let app: TestApp;
let browser: Browser;
let worker: Worker | undefined;
beforeAll(async () => {
  redisPort = await freePort();
  const REDIS_URL = `redis://127.0.0.1:${redisPort}`;
  [app, browser] = await Promise.all([
    startTestApp(inject("redis") ? { REDIS_URL } : {}),
    launchBrowser(),
  ]);
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await redis?.stop();
  await app.clearFaults();
  await closePages(browser);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

async function dashboard(): Promise<Witness> {
  const witness = await openPage(browser);
  await logIn(app, witness.page, await app.signUp("analyst"));
  witness.pageLoads.length = 0;
  return witness;
}

/** Starts Redis and waits until the app has connected to it. */
async function redisIsThere(): Promise<void> {
  if (!inject("redis")) return;
  redis = await startRedis(redisPort);
  await redisFound(app);
}

/** The one-line summary of the card's timeline. */
const line = (page: Page) => card(page).locator("details[data-timeline] > summary");
const timelineIs = (page: Page, state: string) =>
  card(page).locator(`details[data-timeline="${state}"]`).waitFor();
/** Waits until the timeline is done, without the wait for the next try of this task's job. */
const timelineEnds = (page: Page, task: string) =>
  expect
    .poll(async () => {
      await makeJobsDue(app, task);
      return card(page).locator("details[data-timeline]").getAttribute("data-timeline");
    })
    .toBe("done");
const stepIs = (page: Page, step: string, state: string) =>
  card(page).locator(`[data-step="${step}"][data-state="${state}"]`).waitFor({ state: "attached" });

test("A card shows the progress of the connection, continues by itself, and shows the same after a reload (I7, K1)", async () => {
  await redisIsThere();
  const witness = await dashboard();
  const { page } = witness;
  await openBank(page);
  await finishLink(page);
  await card(page).waitFor();
  await timelineIs(page, "waiting");
  expect(await line(page).innerText()).toBe("First sync started: waiting");
  await app.fault({
    path: "/transactions/sync",
    times: 50,
    do: { error: "INTERNAL_SERVER_ERROR" },
  });
  worker = await startWorker(app.services);
  await timelineIs(page, "failed");
  expect(await line(page).innerText()).toContain("failed, retry at");
  await app.clearFaults();
  await timelineEnds(page, "sync_item");
  expect(await line(page).innerText()).toMatch(/^Up to date · [\d,]+ transactions fetched$/);
  await line(page).click();
  await card(page).getByText("First sync started").waitFor();
  expect(await witness.layoutShifts()).toEqual([]);
  expect(witness.console).toEqual([]);
  expect(witness.pageLoads).toEqual([]);
  await page.reload();
  await timelineIs(page, "done");
});

describe.skipIf(!inject("redis"))("Redis stopped", () => {
  test.each(
    casesOf(
      [
        ["before", async () => {}, async () => {}],
        [
          "during",
          async () => {
            await redisIsThere();
            await app.fault({ path: "/accounts/get", times: 1, do: { delay: 1_000 } });
          },
          async (page: Page) => {
            await page.locator("[data-pending]").waitFor();
            await redis?.stop();
          },
        ],
      ] as const,
      ([when]) => when === "during",
    ),
  )(
    "%s a connect: the account shows, the timeline shows what is pending and ends as done once Redis is back",
    async (_when, before, during) => {
      await before();
      const witness = await dashboard();
      const { page } = witness;
      await openBank(page);
      await finishLink(page);
      await during(page);
      await card(page).getByText("Plaid Checking").waitFor();
      await stepIs(page, "refreshed", "failed");
      expect(await line(page).innerText()).toContain("Dashboard refreshed: failed, retry at");
      worker = await startWorker(app.services);
      await stepIs(page, "transactions", "done");
      // Before the reload, which may cut off a running response.
      expect(witness.console).toEqual([]);
      await page.reload();
      await stepIs(page, "refreshed", "failed");
      redis = await startRedis(redisPort);
      await redisFound(app);
      await timelineEnds(page, "clear_cache");
    },
  );

  matrixTest(
    "after a connect: what is there stays, and the timeline of its transactions continues",
    async () => {
      await redisIsThere();
      const { page } = await dashboard();
      await openBank(page);
      await finishLink(page);
      await card(page).getByText("Plaid Checking").waitFor();
      await stepIs(page, "refreshed", "done");
      await redis?.stop();
      worker = await startWorker(app.services);
      await stepIs(page, "transactions", "done");
      // The end of the sync also clears the cache, which is no step of the connection.
      await timelineIs(page, "done");
      await page.reload();
      await card(page).getByText("Plaid Checking").waitFor();
    },
  );
});
