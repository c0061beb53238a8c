import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { addBank, type TransactionRow } from "../support/bank.ts";
import { testWithApp } from "../support/fixtures.ts";
import { focusedName, tabTo, walkThroughLink } from "../support/keyboard.ts";
import { type FirefoxTab, firefox, startFirefox } from "./firefox.ts";
import { click, seeText, type Tab, type TabOptions } from "./tab.ts";
import { hasWebKit, readWebKitConsole, startWebKit } from "./webkit.ts";

/**
 * Walks through the product in Firefox and WebKit, for what differs between browsers. The tests of `npm test`
 * run in Chromium and check the product itself.
 */
const test = testWithApp();
const bank = "First Platypus Bank";

const browsers = [
  { name: "Firefox", isInstalled: firefox !== null, start: startFirefox },
  { name: "WebKit", isInstalled: hasWebKit, start: startWebKit },
];
const installed = browsers.filter(({ isInstalled }) => isInstalled);

let tab: Tab | undefined;
afterEach(async () => {
  await tab?.close();
  tab = undefined;
});

/** Starts a browser and logs in with the form, by keyboard. */
async function logIn(
  { start }: Pick<(typeof browsers)[number], "start">,
  app: TestApp,
  user: TestUser,
  options?: TabOptions,
): Promise<Tab> {
  const started = await start(options);
  tab = started;
  await started.goto(`${app.url}/login`);
  await tabTo(started, "Email");
  await started.keyboard.type(user.email);
  await tabTo(started, "Password");
  await started.keyboard.type(user.password);
  await started.keyboard.press("Enter");
  await seeText(started, "Accounts");
  return started;
}

const cardsOf = (tab: Tab) =>
  tab.mainFrame().evaluate(() => document.querySelectorAll("[data-item-id]").length);

/** Where everything outside of dialogs and menus is, and the width of the scroll bar. */
const layoutOf = (tab: Tab) =>
  tab.mainFrame().evaluate(() => {
    const places = [...document.querySelectorAll("header, main, h1, main section, main button")]
      .filter((element) => !element.closest("[role=dialog], dialog, [role=menu]"))
      .map((element) => {
        const { left, top, width } = element.getBoundingClientRect();
        const name = element.textContent?.trim().slice(0, 20);
        return `${element.tagName} ${name}: ${[left, top, width].map(Math.round)}`;
      });
    return { places, scrollBar: innerWidth - document.documentElement.clientWidth };
  });

test("Firefox or WebKit is installed", () => {
  const missing = browsers.filter(({ isInstalled }) => !isInstalled).map(({ name }) => name);
  if (missing.length > 0)
    process.stderr.write(`Not installed, so SKIPPED: ${missing.join(", ")}\n`);
  expect(installed).not.toEqual([]);
});

describe.each(installed)("$name", (browser) => {
  test("A user connects a bank and disconnects it, by keyboard alone", async ({ app }) => {
    const user = await app.signUp("cfo");
    const tab = await logIn(browser, app, user);
    const { press } = tab.keyboard;
    await tabTo(tab, "Connect a bank");
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toMatch(/ to connect your accounts/);
    // Link, the menu and the dialog return the focus.
    await press("Escape");
    await expect.poll(() => focusedName(tab)).toBe("Connect a bank");
    await press("Enter");
    await walkThroughLink(tab, bank);
    await expect.poll(() => focusedName(tab)).toBe(bank);
    expect(await cardsOf(tab)).toBe(1);

    await tabTo(tab, /^Manage/);
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toBe("Refresh now");
    await press("Escape");
    await expect.poll(() => focusedName(tab)).toMatch(/^Manage/);
    await press("Enter");
    await press("ArrowUp");
    await expect.poll(() => focusedName(tab)).toBe("Disconnect");
    await press("Enter");
    await seeText(tab, `Disconnect ${bank}?`);
    await press("Escape");
    await expect.poll(() => focusedName(tab)).toMatch(/^Manage/);
    await press("Enter");
    await press("ArrowUp");
    await press("Enter");
    await seeText(tab, `Disconnect ${bank}?`);
    await expect.poll(() => focusedName(tab)).toContain(`disconnect ${bank}`);
    await tab.keyboard.type(`disconnect ${bank}`);
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toBe("Password");
    await tab.keyboard.type(user.password);
    await press("Enter");
    await expect.poll(() => cardsOf(tab)).toBe(0);
    const items = await app.itemsAtPlaid();
    const own = items.filter(({ client_user_id }) => client_user_id === user.id);
    expect(own.map(({ removed }) => removed)).toEqual([true]);
  });

  test("A user connects a bank that logs users in on its own site (S2)", async ({ app }) => {
    const tab = await logIn(browser, app, await app.signUp("cfo"));
    const { press, type } = tab.keyboard;
    await tabTo(tab, "Connect a bank");
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toMatch(/ to connect your accounts/);
    await tabTo(tab, "Continue");
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toBe("Search for your bank");
    await type("Platypus OAuth Bank");
    await tabTo(tab, /^Platypus OAuth Bank/);
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toBe("Log in at Platypus OAuth Bank");
    await tabTo(tab, "Continue");
    await press("Enter");
    await expect.poll(() => focusedName(tab)).toBe("Username");
    await type("user_good");
    await tabTo(tab, "Password");
    await type("pass_good");
    await press("Enter");
    // Back on our page, Link continues with the accounts.
    await expect.poll(() => focusedName(tab)).toContain("Choose your accounts");
    await tabTo(tab, "Connect accounts");
    await press("Enter");
    await expect.poll(() => cardsOf(tab)).toBe(1);
    await seeText(tab, "Platypus OAuth Bank");
  });

  test("Dialogs move nothing on the page, and return the focus", async ({ app }) => {
    const user = await app.signUp("cfo");
    const accounts = Array.from({ length: 20 }, () => ({ balance: "2500" }));
    await addBank(app, user, "Mill Bank", accounts, []);
    const tab = await logIn(browser, app, user);
    await seeText(tab, "Mill Bank");

    expect((await layoutOf(tab)).scrollBar).toBeGreaterThan(5);
    // The page scrolls to show the whole menu.
    await click(tab, "Manage Mill Bank");
    await expect.poll(() => focusedName(tab)).toBe("Refresh now");
    const dashboard = await layoutOf(tab);
    await click(tab, "Rename or hide accounts");
    await seeText(tab, "Names at Mill Bank");
    expect((await layoutOf(tab)).places).toEqual(dashboard.places);
    await tab.keyboard.press("Escape");
    await expect.poll(() => focusedName(tab)).toBe("Manage Mill Bank");
    expect(await layoutOf(tab)).toEqual(dashboard);

    await click(tab, "Connect a bank");
    await expect.poll(() => focusedName(tab)).toMatch(/ to connect your accounts/);
    expect((await layoutOf(tab)).places).toEqual(dashboard.places);

    await tab.goto(`${app.url}/settings/api-keys`);
    const keys = await layoutOf(tab);
    await click(tab, "Make a key");
    await expect.poll(() => focusedName(tab)).toBe("Name");
    expect((await layoutOf(tab)).places).toEqual(keys.places);
    await tab.keyboard.type("Nightly export");
    await tabTo(tab, "Password");
    await tab.keyboard.type(user.password);
    await tab.keyboard.press("Enter");
    await click(tab, "Done");
    await seeText(tab, "Nightly export");
    await expect.poll(() => focusedName(tab)).toBe("Make a key");
  });

  test.for(["light", "dark"] as const)(
    "Every color is the one of the %s scheme",
    async (scheme, { app }) => {
      const styles = readFileSync(path.join(import.meta.dirname, "../../app/styles.css"), "utf8");
      const tokens = [...styles.matchAll(/(--[\w-]+): light-dark\((#\w+), (#\w+)\);/g)].map(
        ([, name = "", light = "", dark = ""]) => ({ name, light, dark }),
      );
      expect(tokens.length).toBeGreaterThan(20);
      tab = await browser.start({ colorScheme: scheme });
      await tab.goto(`${app.url}/login`);
      /** The value of each token, and the value that it should have, as the browser writes colors. */
      const colors = (wanted: "light" | "dark") =>
        tab?.mainFrame().evaluate(
          (tokens: [name: string, color: string][]) => {
            const element = document.body.appendChild(document.createElement("i"));
            const write = (color: string) => {
              element.style.color = color;
              return getComputedStyle(element).color;
            };
            const shown = tokens.map(([name]) => `${name} ${write(`var(${name})`)}`);
            const right = tokens.map(([name, color]) => `${name} ${write(color)}`);
            element.remove();
            return { shown, right };
          },
          tokens.map((token) => [token.name, token[wanted]] as [string, string]),
        );
      const bySystem = await colors(scheme);
      expect(bySystem?.shown).toEqual(bySystem?.right);
      // The user has chosen the other one.
      const other = scheme === "light" ? "dark" : "light";
      await tab.mainFrame().evaluate((scheme: string) => {
        document.documentElement.dataset.scheme = scheme;
      }, other);
      const byChoice = await colors(other);
      expect(byChoice?.shown).toEqual(byChoice?.right);
    },
  );
});

describe("Every page hydrates without console output, in the time zone of Apia", () => {
  const paths = ["dashboard", "transactions", "activity", "api/docs", "privacy"].concat(
    ["account", "security", "plan", "api-keys", "notifications"].map((page) => `settings/${page}`),
  );
  const timeZone = "Pacific/Apia";
  const locales = ["de-DE", "ar-EG"];

  /** A user with an account and a transaction on each of the last 60 days. */
  async function addUser(app: TestApp): Promise<TestUser> {
    const user = await app.signUp("cfo");
    const moved = Array.from({ length: 60 }, (_, at): TransactionRow => [0, at, "61.5"]);
    await addBank(app, user, "Mill Bank", [{ balance: "2500" }], moved);
    return user;
  }

  /** Resolves when this page has been requested, and then nothing for 1.5 seconds. */
  async function loaded(app: TestApp, page: string): Promise<void> {
    const request = `"path":"/${page}"`;
    const isRequested = () => app.logLines.some((line) => line.includes(request));
    await expect.poll(isRequested, { message: page }).toBe(true);
    await quiet(app);
  }

  /** Resolves when nothing has been requested for 1.5 seconds. */
  async function quiet(app: TestApp): Promise<void> {
    for (let seen = -1; seen !== app.logLines.length; ) {
      seen = app.logLines.length;
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }

  /** Logs what a browser is set to, which shows that its console is read. */
  const control = () => {
    const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    // biome-ignore lint/suspicious/noConsole: the console of the page.
    console.error("control", navigator.language, locale, timeZone);
  };

  test.skipIf(firefox === null).for(locales)("Firefox, %s", async (locale, { app }) => {
    const user = await addUser(app);
    const options = { locale, timeZone };
    const tab = await logIn({ start: startFirefox }, app, user, options);
    for (const page of paths) {
      await tab.goto(`${app.url}/${page}`);
      await loaded(app, page);
    }
    await tab.mainFrame().evaluate(control);
    const { console } = tab as FirefoxTab;
    await expect.poll(() => console).toEqual([`error: control ${locale} ${locale} ${timeZone}`]);
  });

  test.skipIf(!hasWebKit).for(locales)("WebKit, %s", async (locale, { app }) => {
    const user = await addUser(app);
    const urls = paths.map((page) => `${app.url}/${page}`);
    const last = `data:text/html,<script>(${control})()</script>`;
    const options = { locale, timeZone };
    const shown = await readWebKitConsole([...urls, last], user.cookie, options, (url) =>
      url === last ? quiet(app) : loaded(app, new URL(url).pathname.slice(1)),
    );
    expect(shown).toEqual([
      expect.stringMatching(new RegExp(`CONSOLE ERROR control ${locale} ${locale} ${timeZone}$`)),
    ]);
  });
});
