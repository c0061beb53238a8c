import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { testInBrowser } from "../support/app-in-browser.ts";
import { addBank, type TransactionRow } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { card, finishLink, logIn, manage, openBank } from "../support/link.ts";
import { casesOf, isMatrix } from "../support/matrix.ts";

const test = testInBrowser();

const secondBank = (page: Page) => page.getByRole("article", { name: "First Platypus Bank" });

/** Connects a second bank, slowly enough to see each state. */
async function connectSecond(app: TestApp, page: Page): Promise<void> {
  await app.fault(
    { path: "/link/token/create", times: 1, do: { delay: 700 } },
    { path: "/item/public_token/exchange", times: 1, do: { delay: 700 } },
  );
  await openBank(page);
  await finishLink(page);
  await page.locator("[data-pending]").waitFor();
  await secondBank(page).waitFor();
  await page.getByText(/First Platypus Bank connected/).waitFor();
}

const history = Array.from({ length: 60 }, (_, at): TransactionRow => [0, at * 3, "61.5"]);

test.for(
  casesOf(
    [
      [1280, "a plan with room", "cfo", 3],
      [390, "a plan with room", "cfo", 3],
      [1280, "a plan that is full with it", "accountant", 6],
      [390, "a plan that is full with it", "accountant", 6],
      [390, "a first bank that fills the screen", "cfo", 12],
    ] as const,
    ([width, , plan]) => width === 1280 && plan === "accountant",
  ),
)(
  "The dashboard adds a second bank without layout shift (%i px, %s)",
  async ([width, _what, plan, accounts], { app, browser }) => {
    const user = await app.signUp(plan);
    const rows = Array.from({ length: accounts }, () => ({ balance: "1250.4" }));
    await addBank(app, user, "Mill Bank", rows, history);
    const witness = await openPage(browser, { width, moving: true });
    const { page } = witness;
    await logIn(app, page, user);
    await connectSecond(app, page);
    expect(await card(page).count()).toBe(2);
    // The user sees the new bank.
    expect(await secondBank(page).evaluate((one) => one.getBoundingClientRect().top)).toBeLessThan(
      page.viewportSize()?.height ?? 0,
    );
    if (plan === "accountant") await page.getByText(/The Accountant plan holds/).waitFor();
    expect(await witness.layoutShift()).toBeLessThan(0.02);
    expect(witness.console).toEqual([]);
  },
);

interface Animated {
  properties: string[];
  /** The names of animations on the card of a running connection. */
  whileConnecting: string[];
}

/** Records in each frame what is animated. Anything shorter than a frame counts as instant. */
function noteAnimations(): void {
  const seen = new Set<string>();
  const connecting = new Set<string>();
  Object.assign(window, {
    animated: () => ({ properties: [...seen].sort(), whileConnecting: [...connecting] }),
  });
  const look = () => {
    for (const animation of document.getAnimations()) {
      const { effect } = animation;
      if (!(effect instanceof KeyframeEffect)) continue;
      if (animation instanceof CSSAnimation && effect.target?.closest("[data-pending]")) {
        connecting.add(animation.animationName);
      }
      if (Number(effect.getComputedTiming().duration) < 16) continue;
      for (const {
        offset,
        computedOffset,
        easing,
        composite,
        ...animated
      } of effect.getKeyframes()) {
        for (const property of Object.keys(animated)) seen.add(property);
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Everything that is animated while a user does all that a page offers. */
async function animatedOnTheWay(
  app: TestApp,
  browser: Browser,
  moving: boolean,
): Promise<Animated> {
  const user = await app.signUp("cfo");
  await addBank(app, user, "Mill Bank", [{ balance: "1250.4" }], history);
  const { page } = await openPage(browser, { moving });
  await page.addInitScript(noteAnimations);
  await logIn(app, page, user);
  await page.getByText("Show as table: Net worth").click();
  await page.getByText("Up to date").click();
  await connectSecond(app, page);
  await manage(page, "Disconnect", "Mill Bank");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page.evaluate(() => (window as unknown as { animated(): Animated }).animated());
}

/** Properties that change an element without moving it. */
const still = /^(opacity|visibility|boxShadow|fill|stroke|outline.*|.*[cC]olor)$/;

test("The dashboard animates only a pulse of what waits when the user prefers reduced motion", async ({
  app,
  browser,
}) => {
  const { properties, whileConnecting } = await animatedOnTheWay(app, browser, false);
  expect(properties).toContain("opacity");
  expect(properties.filter((property) => !still.test(property))).toEqual([]);
  expect(whileConnecting).toContain("breathe");
  expect(whileConnecting).not.toContain("spin");
});

test.skipIf(!isMatrix)(
  "The dashboard's spinner turns for every other user",
  async ({ app, browser }) => {
    const { properties, whileConnecting } = await animatedOnTheWay(app, browser, true);
    expect(properties).toContain("transform");
    expect(whileConnecting).toContain("spin");
  },
);
