import axe from "axe-core";
import type { PlaidApi, Transaction } from "plaid";
import type { Browser, BrowserContextOptions, Frame, FrameLocator, Page } from "playwright-core";
import { afterAll, afterEach, expect } from "vitest";
import { launchBrowser } from "./support/browser.ts";
import { connect, control, failure, KIND, LINK_TOKEN_REQUEST } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";
import { call, calls, type HostPage, startHostPage } from "./support/host-page.ts";

type Handler = Record<"open" | "exit" | "destroy", () => void>;

/** `npm run matrix` looks at the dark scheme as well. */
const colorSchemes =
  process.env.MATRIX === "1" ? (["light", "dark"] as const) : (["light"] as const);

const test = testWithSandbox({ ...KIND, seed: 21 });
let host: HostPage;
let browser: Browser;
/** What the open page wrote to the console, and its requests to other machines. */
let noise: string[] = [];

test.beforeAll(async ({ sandbox }) => {
  host = await startHostPage(sandbox.url);
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  expect(noise).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  host.close();
});

async function visit(
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; link: FrameLocator }> {
  // No motion, which alone would keep a processor busy.
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  noise = [];
  context.on("console", (message) => noise.push(message.text()));
  page.on("pageerror", (error) => noise.push(error.message));
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== "data:" && !["localhost", "127.0.0.1"].includes(hostname))
      noise.push(request.url());
  });
  await page.goto(host.origin + path);
  return { page, link: page.frameLocator("iframe") };
}

async function linkToken(plaid: PlaidApi, extra: object = {}): Promise<string> {
  return (await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, ...extra })).data.link_token;
}

/** Opens Link and goes to a bank's log-in. */
async function toBank(
  plaid: PlaidApi,
  bank: string,
  token?: string,
  path = "/",
): Promise<{ page: Page; link: FrameLocator }> {
  const { page, link } = await visit(`${path}?token=${token ?? (await linkToken(plaid))}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: bank, exact: true }).click();
  return { page, link };
}

async function logIn(
  link: FrameLocator | Page,
  username = "user_good",
  password = "pass_good",
): Promise<void> {
  await link.getByRole("textbox", { name: "Username" }).fill(username);
  await link.getByRole("textbox", { name: "Password" }).fill(password);
  await link.getByRole("button", { name: "Log in" }).click();
}

/** Presses Continue, which opens the bank in its own window. Returns that window. */
async function openOwnWindow(page: Page, link: FrameLocator): Promise<Page> {
  const [bank] = await Promise.all([
    page.context().waitForEvent("page"),
    link.getByRole("button", { name: "Continue" }).click(),
  ]);
  return bank;
}

const events = async (page: Page) =>
  (await calls(page)).filter(({ name }) => name === "onEvent").map(({ args }) => args[0] as string);

test("Link goes from consent to onSuccess, with Plaid's metadata and a public_token that exchanges", async ({
  plaid,
}) => {
  const { page, link } = await toBank(plaid, "First Platypus Bank");
  await logIn(link);
  await expect.poll(() => link.getByRole("checkbox").count()).toBe(4);
  await link.getByRole("checkbox", { name: /Plaid CD/ }).uncheck();
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token, metadata] = await call(page, "onSuccess");
  expect(metadata).toMatchObject({
    institution: { institution_id: "ins_109508", name: "First Platypus Bank" },
    transfer_status: null,
    account_id: null,
    public_token,
  });
  expect(metadata.link_session_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(metadata.accounts).toMatchObject([
    {
      name: "Plaid Checking",
      mask: "0000",
      type: "depository",
      subtype: "checking",
      verification_status: null,
    },
    { name: "Plaid Saving", mask: "1111" },
    { name: "Plaid Credit Card", mask: "3333", type: "credit", subtype: "credit card" },
  ]);
  const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  const { accounts } = (await plaid.accountsGet({ access_token })).data;
  expect(accounts.map(({ account_id }) => account_id)).toEqual(
    metadata.accounts.map(({ id }: { id: string }) => id),
  );

  expect(await events(page)).toEqual([
    "OPEN",
    "TRANSITION_VIEW",
    "TRANSITION_VIEW",
    "SELECT_INSTITUTION",
    "TRANSITION_VIEW",
    "SUBMIT_CREDENTIALS",
    "TRANSITION_VIEW",
    "TRANSITION_VIEW",
    "HANDOFF",
  ]);
  expect((await calls(page)).map(({ name }) => name)).not.toContain("onExit");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  // Back on the page, its button has the focus again.
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Connect a bank");
});

test("react-plaid-link, unmodified, opens Link under a strict policy", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Tartan Bank", undefined, "/react");
  await logIn(link);
  await expect.poll(() => link.getByRole("checkbox").count()).toBe(12);
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token] = await call(page, "onSuccess");
  expect(public_token).toMatch(/^public-sandbox-/);
});

test("Link works by keyboard: Tab and Enter from the page's button to onSuccess, Escape to leave", async ({
  plaid,
}) => {
  const { page, link } = await visit(`/?token=${await linkToken(plaid)}`);
  const focused = () => link.locator(":focus").first();
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 30; presses += 1) {
      const text = await focused()
        .evaluate((element) => element.getAttribute("aria-label") ?? element.textContent, null, {
          timeout: 1000,
        })
        .catch(() => "");
      if (text?.includes(name)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab never reached ${name}`);
  };
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await link.getByRole("heading", { name: "Ledgerline uses Plaid" }).waitFor();
  await tabTo("Continue");
  await page.keyboard.press("Enter");
  await link.getByRole("searchbox", { name: "Search for your bank" }).waitFor();
  await page.keyboard.type("tatters");
  await expect.poll(() => link.getByRole("listitem").count()).toBe(1);
  await tabTo("Tattersall");
  await page.keyboard.press("Enter");
  await link.getByRole("textbox", { name: "Username" }).waitFor();
  await page.keyboard.type("user_good");
  await page.keyboard.press("Tab");
  await page.keyboard.type("pass_good");
  await page.keyboard.press("Enter");
  await link.getByRole("checkbox").first().waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  expect(await link.getByRole("checkbox").first().isChecked()).toBe(false);
  await tabTo("Connect accounts");
  await page.keyboard.press("Enter");
  const [, metadata] = await call(page, "onSuccess");
  expect(metadata.accounts).toHaveLength(2);

  await page.keyboard.press("Enter");
  await link.getByRole("button", { name: "Continue" }).waitFor();
  await page.keyboard.press("Escape");
  expect(await call(page, "onExit")).toMatchObject([null, { institution: null, status: null }]);
});

test("Every pane has a heading that gets the focus, and a close button", async ({ plaid }) => {
  const { page, link } = await visit(`/?token=${await linkToken(plaid)}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const consent = link.getByRole("heading", { level: 1 });
  await consent.waitFor();
  expect(await consent.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await link.getByText("Local stand-in for Plaid – no real bank").isVisible()).toBe(true);
  await link.getByRole("button", { name: "Close" }).click();
  const [error, metadata] = await call(page, "onExit");
  expect(error).toBeNull();
  expect(Object.keys(metadata).sort()).toEqual([
    "institution",
    "link_session_id",
    "request_id",
    "status",
  ]);
  expect(await events(page)).toContain("EXIT");
});

test.for(colorSchemes)(
  "axe finds nothing on any pane, nor on the bank's page (%s)",
  async (colorScheme, { plaid }) => {
    const found: string[] = [];
    const audit = async (where: string, frame: Frame | Page | undefined) => {
      // Colors are checked after their transitions end.
      await frame?.evaluate(() =>
        Promise.all(
          document
            .getAnimations()
            .filter((animation) => animation.effect?.getTiming().iterations === 1)
            .map((animation) => animation.finished),
        ),
      );
      // Without `0`, the whole library would be sent back.
      if (!(await frame?.evaluate("'axe' in window"))) await frame?.evaluate(`${axe.source}; 0`);
      const violations = await frame?.evaluate(async () => {
        const run = (window as unknown as { axe: typeof axe }).axe.run;
        // Frames are audited as such. The rest leaves out what is not reported.
        const { violations } = await run({
          ...{ iframes: false, resultTypes: ["violations"], selectors: false },
        });
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
      });
      found.push(...(violations ?? ["no frame"]).map((violation) => `${where}: ${violation}`));
    };
    const { page, link } = await visit(`/?token=${await linkToken(plaid)}`, { colorScheme });
    const pane = (where: string) => audit(where, page.frames()[1]);
    const pressed = (name: string) => link.getByRole("button", { name, exact: true }).click();
    await audit("the host", page);
    await page.getByRole("button", { name: "Connect a bank" }).click();
    await link.getByRole("button", { name: "Continue" }).waitFor();
    await pane("consent");
    await pressed("Continue");
    await link.getByRole("searchbox").waitFor();
    await pane("banks");
    await link.getByRole("searchbox").fill("nothing of the kind");
    await pane("no banks");
    await link.getByRole("searchbox").fill("");
    await pressed("Houndstooth Bank");
    await logIn(link, "user_mfa", "wrong");
    await link.getByRole("alert").waitFor();
    await pane("log-in, refused");
    await logIn(link, "user_mfa");
    await link.getByRole("textbox", { name: "Code" }).waitFor();
    await pane("code");
    await link.getByRole("textbox", { name: "Code" }).fill("1234");
    await pressed("Continue");
    await link.getByRole("checkbox").first().waitFor();
    await pane("accounts");
    await pressed("Close");

    await page.getByRole("button", { name: "Connect a bank" }).click();
    await pressed("Continue");
    await pressed("Houndstooth Bank");
    await logIn(link, "user_locked");
    await link.getByRole("heading", { name: "Your account is locked" }).waitFor();
    await pane("error");
    await pressed("Try again");
    await pressed("Back");
    await pressed("Platypus OAuth Bank");
    await link.getByRole("heading", { name: "Log in at Platypus OAuth Bank" }).waitFor();
    await pane("leaving");
    const [bank] = await Promise.all([page.context().waitForEvent("page"), pressed("Continue")]);
    await bank.getByRole("textbox", { name: "Username" }).waitFor();
    await audit("the bank's page", bank);
    await link.getByRole("heading", { name: "Waiting for Platypus OAuth Bank" }).waitFor();
    await pane("waiting");
    expect(found).toEqual([]);
  },
);

test("A wrong password shows beside the form, and the next try works", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Houndstooth Bank");
  await logIn(link, "user_good", "wrong");
  await expect
    .poll(() => link.getByRole("alert").textContent())
    .toContain("credentials you provided were incorrect");
  expect(await events(page)).toContain("ERROR");
  await logIn(link);
  await link.getByRole("button", { name: "Connect accounts" }).waitFor();
});

test("user_mfa needs a code: a wrong one shows an error, 1234 continues", async ({ plaid }) => {
  const { link } = await toBank(plaid, "Houndstooth Bank");
  await logIn(link, "user_mfa");
  await link.getByRole("textbox", { name: "Code" }).fill("9999");
  await link.getByRole("button", { name: "Continue" }).click();
  await expect.poll(() => link.getByRole("alert").textContent()).toContain("incorrect");
  await link.getByRole("textbox", { name: "Code" }).fill("1234");
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: "Connect accounts" }).waitFor();
});

test("user_locked sees a pane that says so, and onExit gets ITEM_LOCKED", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Houndstooth Bank");
  await logIn(link, "user_locked");
  await link.getByRole("heading", { name: "Your account is locked" }).waitFor();
  await link.getByRole("button", { name: "Exit" }).click();
  const [error, metadata] = await call(page, "onExit");
  expect(error).toMatchObject({ error_type: "ITEM_ERROR", error_code: "ITEM_LOCKED" });
  expect(metadata).toMatchObject({
    institution: { institution_id: "ins_109512" },
    status: "requires_credentials",
  });
});

test("Unchecking every account leaves nothing to connect", async ({ plaid }) => {
  const { link } = await toBank(plaid, "Lighthouse Savings");
  await logIn(link);
  await link.getByRole("checkbox").uncheck();
  expect(await link.getByRole("button", { name: "Connect accounts" }).isDisabled()).toBe(true);
});

test("OAuth with a redirect_uri takes the whole page to the bank and back to the picker", async ({
  plaid,
}) => {
  const token = await linkToken(plaid, { redirect_uri: `${host.origin}/` });
  const { page, link } = await toBank(plaid, "Platypus OAuth Bank", token);
  await link.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/\/link\/oauth\.html/);
  await logIn(page, "user_good", "nope");
  await expect.poll(() => page.getByRole("alert").textContent()).toContain("incorrect");
  await logIn(page);
  await page.waitForURL(`${host.origin}/?**`);
  expect(new URL(page.url()).origin).toBe(host.origin);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token, metadata] = await call(page, "onSuccess");
  expect(metadata.institution.institution_id).toBe("ins_127287");
  await plaid.itemPublicTokenExchange({ public_token });

  await page.reload();
  await page.getByRole("button", { name: "Connect a bank" }).click();
  // A second visit to the same address does not continue the session.
  await link.getByText("OAUTH_STATE_ID_ALREADY_PROCESSED").waitFor();
});

test("OAuth without a redirect_uri opens the bank in its own window", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Charterhouse Investments");
  const bank = await openOwnWindow(page, link);
  await logIn(bank);
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [, metadata] = await call(page, "onSuccess");
  expect(metadata.institution.institution_id).toBe("ins_11");
  expect(await events(page)).toEqual(expect.arrayContaining(["OPEN_OAUTH", "CLOSE_OAUTH"]));
});

test("OAuth refused at the bank returns ACCESS_NOT_GRANTED", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Platypus OAuth Bank");
  const bank = await openOwnWindow(page, link);
  await bank.getByRole("button", { name: "Cancel and return" }).click();
  await link.getByRole("heading", { name: "You did not allow access" }).waitFor();
  await link.getByRole("button", { name: "Exit" }).click();
  expect((await call(page, "onExit"))[0]).toMatchObject({ error_code: "ACCESS_NOT_GRANTED" });
});

test("Update mode repairs the Item without a choice of banks, and refuses another username", async ({
  plaid,
}) => {
  const item = await connect(plaid, "ins_109509");
  await plaid.sandboxItemResetLogin({ access_token: item.access_token });
  const token = await linkToken(plaid, { access_token: item.access_token, products: undefined });
  const { page, link } = await visit(`/?token=${token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("heading", { name: "Reconnect First Gingham Credit Union" }).waitFor();
  await link.getByRole("button", { name: "Continue" }).click();
  await logIn(link, "someone_else");
  await expect.poll(() => link.getByRole("alert").textContent()).toContain("does not match");
  await logIn(link);
  const [public_token] = await call(page, "onSuccess");
  await plaid.accountsGet({ access_token: item.access_token });
  const exchanged = (await plaid.itemPublicTokenExchange({ public_token })).data;
  expect(exchanged).toMatchObject({ item_id: item.item_id, access_token: item.access_token });
});

test("Update mode with account selection keeps account_ids and transactions, and adds new ones", async ({
  plaid,
}) => {
  const first = await toBank(plaid, "Houndstooth Bank");
  await logIn(first.link, "user_select");
  await first.link.getByRole("checkbox", { name: /Rainy Day/ }).uncheck();
  await first.link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token, before] = await call(first.page, "onSuccess");
  const { access_token } = (await plaid.itemPublicTokenExchange({ public_token })).data;
  const sync = async (from?: string) => {
    const pages: Transaction[][] = [];
    for (let cursor = from; ; ) {
      const request = { access_token, count: 500, ...(cursor && { cursor }) };
      const { data } = await plaid.transactionsSync(request);
      pages.push(data.added);
      cursor = data.next_cursor;
      if (!data.has_more) return { added: pages.flat(), cursor };
    }
  };
  const early = await sync();
  const token = await linkToken(plaid, {
    access_token,
    products: undefined,
    update: { account_selection_enabled: true },
  });
  const { page, link } = await visit(`/?token=${token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await logIn(link, "user_select");
  expect(await link.getByRole("checkbox", { name: /Rainy Day/ }).isChecked()).toBe(false);
  await link.getByRole("checkbox", { name: /Rainy Day/ }).check();
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [, after] = await call(page, "onSuccess");
  expect(after.accounts).toHaveLength(3);
  const ids = after.accounts.map(({ id }: { id: string }) => id);
  for (const { id } of before.accounts) expect(ids).toContain(id);
  const old = new Set(before.accounts.map(({ id }: { id: string }) => id));
  const [added] = ids.filter((id: string) => !old.has(id));
  // The reader keeps its transactions; its cursor returns only those of the new account.
  const late = await sync(early.cursor);
  expect(new Set(late.added.map(({ account_id }) => account_id))).toEqual(new Set([added]));
  expect((await sync()).added).toEqual([...early.added, ...late.added]);
});

test("account_filters narrow the picker, and return NO_ACCOUNTS when nothing is left", async ({
  plaid,
}) => {
  const only = await linkToken(plaid, {
    account_filters: { depository: { account_subtypes: ["savings"] } },
  });
  const { link } = await toBank(plaid, "First Platypus Bank", only);
  await logIn(link);
  await expect.poll(() => link.getByRole("checkbox").count()).toBe(1);
  const none = await linkToken(plaid, {
    account_filters: { credit: { account_subtypes: ["all"] } },
  });
  const second = await toBank(plaid, "Houndstooth Bank", none);
  // This user has a checking account only, at every bank.
  await logIn(second.link, "user_ewa_user");
  await second.link.getByRole("heading", { name: "No accounts to connect" }).waitFor();
});

test("An expired link_token opens on an error that onExit repeats", async ({ sandbox, plaid }) => {
  const token = await linkToken(plaid);
  await control(sandbox.url, "POST", "clock", { advance_seconds: 4 * 3600 });
  const { page, link } = await visit(`/?token=${token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("heading", { name: "This session has ended" }).waitFor();
  await link.getByRole("button", { name: "Exit" }).click();
  expect((await call(page, "onExit"))[0]).toMatchObject({ error_code: "INVALID_LINK_TOKEN" });
});

test("handler.exit({ force: true }) closes at once with onExit, and destroy leaves nothing behind", async ({
  plaid,
}) => {
  const { page, link } = await visit(`/?token=${await linkToken(plaid)}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Continue" }).waitFor();
  await page.evaluate(() =>
    (window as unknown as { handler: { exit(o: object): void } }).handler.exit({ force: true }),
  );
  await call(page, "onExit");
  await page.evaluate(() =>
    (window as unknown as { handler: { destroy(): void } }).handler.destroy(),
  );
  expect(await page.locator("iframe").count()).toBe(0);
});

test("create() requires a token and onSuccess, and calls onLoad once it is ready to open", async ({
  plaid,
}) => {
  const { page } = await visit(`/?token=${await linkToken(plaid)}`);
  expect(await call(page, "onLoad")).toEqual([]);
  const refusal = (config: object) =>
    page.evaluate((given) => {
      try {
        (window as unknown as { Plaid: { create(c: object): void } }).Plaid.create(given);
        return "taken";
      } catch (error) {
        return (error as Error).message;
      }
    }, config);
  expect(await refusal({})).toContain("requires a token");
  expect(await refusal({ token: "link-sandbox-x" })).toContain("requires an onSuccess callback");
});

test("handler.exit() leaves as a user would, and open() opens a new session", async ({ plaid }) => {
  const { page, link } = await visit(`/?token=${await linkToken(plaid)}`);
  const handler = (method: "open" | "exit") =>
    page.evaluate((name) => (window as unknown as { handler: Handler }).handler[name](), method);
  await handler("open");
  await handler("open");
  await link.getByRole("button", { name: "Continue" }).waitFor();
  await handler("exit");
  const [error, metadata] = await call(page, "onExit");
  expect(error).toBeNull();
  expect(await page.getByRole("dialog").count()).toBe(0);
  await handler("open");
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: "Close" }).click();
  await expect
    .poll(async () => (await calls(page)).filter(({ name }) => name === "onExit").length)
    .toBe(2);
  const exits = (await calls(page)).filter(({ name }) => name === "onExit");
  expect(exits[1]?.args[1].link_session_id).not.toBe(metadata.link_session_id);
  expect((await events(page)).filter((name) => name === "OPEN")).toHaveLength(2);
});

test("A page of another site cannot frame Link or drive its steps", async ({ sandbox }) => {
  const page = await fetch(`${sandbox.url}/link/index.html`);
  expect(page.headers.get("content-security-policy")).toContain(
    "frame-ancestors 'self' http://localhost:*",
  );
  const step = await fetch(`${sandbox.url}/link/session/start`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://stranger.example" },
    body: "{}",
  });
  expect(step.status).toBe(403);
});

test("/link/token/get reports what happened in Link", async ({ plaid }) => {
  const token = await linkToken(plaid);
  const { page, link } = await toBank(plaid, "Lighthouse Savings", token);
  await logIn(link);
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token] = await call(page, "onSuccess");
  const [session] = (await plaid.linkTokenGet({ link_token: token })).data.link_sessions ?? [];
  expect(session?.results?.item_add_results).toMatchObject([{ public_token }]);
  expect(session?.events?.map(({ event_name }) => event_name)).toContain("SELECT_INSTITUTION");
});

test("Nothing is cut off at 390 px", async ({ plaid }) => {
  for (const colorScheme of colorSchemes) {
    const { page, link } = await visit(`/?token=${await linkToken(plaid)}`, {
      viewport: { width: 390, height: 844 },
      colorScheme,
    });
    await page.getByRole("button", { name: "Connect a bank" }).click();
    await link.getByRole("button", { name: "Continue" }).click();
    await link.getByRole("button", { name: /Most Venerable/ }).click();
    await logIn(link);
    await link.getByRole("checkbox").first().waitFor();
    const overflow = await link
      .locator("html")
      .evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBe(0);
    const box = await link.getByRole("button", { name: "Connect accounts" }).boundingBox();
    expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThanOrEqual(844);
    await page.close();
  }
});

test("A public_token from Link works once", async ({ plaid }) => {
  const { page, link } = await toBank(plaid, "Lighthouse Savings");
  await logIn(link);
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [public_token] = await call(page, "onSuccess");
  await plaid.itemPublicTokenExchange({ public_token });
  expect((await failure(plaid.itemPublicTokenExchange({ public_token }))).error_code).toBe(
    "INVALID_PUBLIC_TOKEN",
  );
});
