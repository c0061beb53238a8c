import { afterEach, describe, expect } from "vitest";
import { testWithApp } from "../support/fixtures.ts";
import { focusedName, tabTo, walkThroughLink } from "../support/keyboard.ts";
import { firefox, startFirefox } from "./firefox.ts";
import { seeText, type Tab } from "./tab.ts";
import { hasWebKit, startWebKit } from "./webkit.ts";

const test = testWithApp();
const bank = "First Platypus Bank";

describe.each([
  { name: "Firefox", installed: firefox !== null, start: startFirefox },
  { name: "WebKit", installed: hasWebKit, start: startWebKit },
])("$name", ({ installed, start }) => {
  let tab: Tab | undefined;
  afterEach(() => tab?.close());

  test.skipIf(!installed)("A user logs in and connects a bank by keyboard alone", async ({ app }) => {
    const person = await app.signUp("cfo");
    tab = await start();
    const page = tab;
    const press = tab.keyboard.press;
    await tab.goto(`${app.url}/login`);
    await tabTo(tab, "Email");
    await tab.keyboard.type(person.email);
    await tabTo(tab, "Password");
    await tab.keyboard.type(person.password);
    await press("Enter");
    await seeText(tab, "Connect a bank");
    await tabTo(tab, "Connect a bank");
    await press("Enter");
    await walkThroughLink(tab, bank);
    await expect
      .poll(() => page.mainFrame().evaluate(() => document.querySelectorAll("[data-item-id]").length))
      .toBe(1);
    await expect.poll(() => focusedName(page)).toContain(bank);
  });
});
