import { expect, test } from "vitest";
import { app, browser, startInBrowser } from "../support/app-in-browser.ts";
import { addBank } from "../support/bank.ts";
import { openPage } from "../support/browser.ts";
import { link, logIn } from "../support/link.ts";

startInBrowser();

test("E1 the first press comes without a network: a plain sentence, and Try again works once it is back", async () => {
  const witness = await openPage(browser);
  const { page } = witness;
  await logIn(app, page, await app.signUp("analyst"));
  await page.context().setOffline(true);
  witness.pageLoads.length = 0;
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await page.getByText("The bank connection did not open").waitFor();
  await page.getByText(/Check your internet connection/).waitFor();
  const again = page.waitForEvent("requestfailed");
  await page.getByRole("button", { name: "Try again" }).click();
  await again;
  await page.getByText("The bank connection did not open").last().waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).last().click();
  await link(page).getByRole("button", { name: "Continue" }).waitFor();
  expect(witness.pageLoads).toEqual([]);
});

test("what a page may need without a network is fetched before: the toasts and the disconnect dialog", async () => {
  const person = await app.signUp("analyst");
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, person);
  const { page } = await openPage(browser);
  const parts = [/\/toaster-/, /\/disconnect-dialog-/].map((part) =>
    page.waitForEvent("requestfinished", {
      predicate: (request) => part.test(request.url()),
      // When the browser has nothing better to do, on a machine that has.
      timeout: 60_000,
    }),
  );
  await logIn(app, page, person);
  await Promise.all(parts);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Disconnect First Platypus Bank" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("disconnect First Platypus Bank");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await dialog.getByText(/Check your internet connection/).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await page.locator("[data-sonner-toast]").getByText("did not open").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Disconnect First Platypus Bank" }).click();
  await dialog.getByRole("textbox").fill("disconnect First Platypus Bank");
  await dialog.getByRole("button", { name: "Disconnect" }).click();
  await page.getByText("First Platypus Bank disconnected").waitFor();
});

test("a dialog that could not be fetched says so, and Try again has it once it can", async () => {
  const person = await app.signUp("analyst");
  await addBank(app, person, "Mill Bank", [{ balance: "1" }], []);
  const { page } = await openPage(browser);
  await page.route(/disconnect-dialog/, (route) => route.abort());
  await logIn(app, page, person);
  await page.getByRole("button", { name: "Disconnect Mill Bank" }).click();
  await page.getByText("The bank was not disconnected").waitFor();
  await page.unroute(/disconnect-dialog/);
  const reloaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Try again" }).click();
  await reloaded;
  await page.getByRole("button", { name: "Disconnect Mill Bank" }).click();
  await page.getByRole("dialog").getByRole("textbox").waitFor();
});
