import { startSandbox } from "./src/index.ts";
import { launchBrowser } from "./tests/support/browser.ts";
import { call, calls, startHostPage } from "./tests/support/host-page.ts";

const sb = await startSandbox();
const host = await startHostPage(sb.url);
const browser = await launchBrowser();
async function token(extra = {}) {
  const r = await fetch(sb.url + "/link/token/create", {
    method: "POST",
    headers: { "content-type": "application/json", "plaid-client-id": "c", "plaid-secret": "s" },
    body: JSON.stringify({
      client_name: "Fiscility",
      language: "en",
      country_codes: ["US"],
      user: { client_user_id: "u" },
      products: ["transactions"],
      ...extra,
    }),
  });
  return (await r.json()).link_token;
}
for (const [scheme, width, height] of [
  ["light", 1280, 800],
  ["dark", 1280, 800],
  ["light", 390, 844],
  ["dark", 390, 844],
] as const) {
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height } });
  page.on("console", (m) => console.log("CONSOLE", m.type(), m.text()));
  page.on("pageerror", (m) => console.log("PAGEERROR", m));
  page.on("requestfailed", (m) => console.log("FAILED", m.url()));
  await page.goto(`${host.origin}/?token=${await token()}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const link = page.frameLocator("iframe");
  const shot = async (n: string) => {
    await page.waitForTimeout(250);
    await page.screenshot({ path: `/tmp/link-shots/${n}-${width}-${scheme}.png` });
  };
  await link.getByRole("button", { name: "Continue" }).waitFor();
  await shot("1consent");
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("searchbox", { name: "Search for your bank" }).waitFor();
  await shot("2banks");
  await link.getByRole("button", { name: "First Platypus Bank", exact: true }).click();
  await link.getByRole("textbox", { name: "Username" }).fill("user_good");
  await link.getByRole("textbox", { name: "Password" }).fill("nope");
  await link.getByRole("button", { name: "Log in" }).click();
  await link.getByRole("alert").waitFor();
  await shot("3login");
  await link.getByRole("textbox", { name: "Password" }).fill("pass_good");
  await link.getByRole("button", { name: "Log in" }).click();
  await link.getByRole("checkbox").first().waitFor();
  await shot("4accounts");
  await link.getByRole("button", { name: "Connect accounts" }).click();
  const [pt, meta] = await call(page, "onSuccess");
  if (scheme === "light" && width === 390) {
    console.log(pt, JSON.stringify(meta));
    console.log(
      (await calls(page))
        .map((c) => (c.name === "onEvent" ? c.args[0] + ":" + (c.args[1].view_name ?? "") : c.name))
        .join(" "),
    );
  }
  await page.goto(`${host.origin}/?token=${await token()}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  await link.getByRole("button", { name: "Continue" }).click();
  await link.getByRole("button", { name: "Houndstooth Bank", exact: true }).click();
  await link.getByRole("textbox", { name: "Username" }).fill("user_locked");
  await link.getByRole("textbox", { name: "Password" }).fill("pass_good");
  await link.getByRole("button", { name: "Log in" }).click();
  await link.getByRole("button", { name: "Exit" }).waitFor();
  await shot("5error");
  await link.getByRole("button", { name: "Exit" }).click();
  const ex = await call(page, "onExit");
  if (scheme === "light" && width === 390) console.log(JSON.stringify(ex));
    await page.goto(`${host.origin}/?token=${await token({redirect_uri:host.origin+"/"})}`);
  await page.getByRole("button",{name:"Connect a bank"}).click();
  await link.getByRole("button",{name:"Continue"}).click();
  await link.getByRole("button",{name:/Most Venerable/}).click();
  await link.getByRole("textbox",{name:"Username"}).fill("user_good");
  await link.getByRole("textbox",{name:"Password"}).fill("pass_good");
  await link.getByRole("button",{name:"Log in"}).click();
  await link.getByRole("checkbox").first().waitFor(); await shot("6edge");
  await page.goto(`${host.origin}/?token=${await token({redirect_uri:host.origin+"/"})}`);
  await page.getByRole("button",{name:"Connect a bank"}).click();
  await link.getByRole("button",{name:"Continue"}).click();
  await link.getByRole("button",{name:"Platypus OAuth Bank",exact:true}).click();
  await link.getByRole("heading",{name:/Log in at/}).waitFor(); await shot("7leave");
  await link.getByRole("button",{name:"Continue"}).click();
  await page.getByRole("textbox",{name:"Username"}).waitFor(); await shot("8oauth");
await page.close();
}
await browser.close();
host.close();
await sb.close();
