import { createServer, type Server } from "node:http";
import { type AddressInfo, connect as connectTo } from "node:net";
import { networkInterfaces } from "node:os";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { allowsWebhook } from "../src/reach.ts";
import { launchBrowser } from "./support/browser.ts";
import { connect, control, LINK_TOKEN_REQUEST, plaidClient } from "./support/client.ts";
import { startHostPage } from "./support/host-page.ts";

/** An address of this machine that is not loopback; undefined on a machine without a network. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

const running: RunningSandbox[] = [];
async function start(...[options]: Parameters<typeof startSandbox>): Promise<RunningSandbox> {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  return sandbox;
}
let browser: Browser;
let receiver: Server;
let received: string[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(request.headers.host ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, resolve));
  browser = await launchBrowser();
});
afterAll(async () => {
  receiver.close();
  await browser.close();
  await Promise.all(running.map((sandbox) => sandbox.close()));
});

/** Whether something listens there. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo({ host, port });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("close", () => socket.destroy());
    socket.setTimeout(1_000, () => resolve(false));
  });
}

test.runIf(outside)("A sandbox cannot be reached from other machines without a host", async () => {
  for (const host of [undefined, "localhost", "127.0.0.1"]) {
    const sandbox = await start({ ...(host !== undefined && { host }) });
    expect(await answers("127.0.0.1", sandbox.port)).toBe(true);
    expect(await answers(outside ?? "", sandbox.port)).toBe(false);
  }
});

test.runIf(outside)(
  "A sandbox with a host can be reached there, by its API and by Link",
  async () => {
    const sandbox = await start({ host: "0.0.0.0", publicUrl: "http://plaid.test:8443" });
    expect(sandbox.url).toBe("http://plaid.test:8443");
    const plaid = plaidClient(`http://${outside}:${sandbox.port}`);
    const { data } = await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, hosted_link: {} });
    expect(data.hosted_link_url).toMatch(/^http:\/\/plaid\.test:8443\/link\/hosted\.html\?/);
  },
);

test.each<[boolean, string, string[]]>([
  [true, "http://localhost:4000/hook", []],
  [true, "http://127.8.8.8/hook", []],
  [true, "http://[::1]:9/hook", []],
  [true, "http://app.localhost/hook", []],
  [false, "http://127.0.0.1.example.test/hook", []],
  [false, "http://0.0.0.0/hook", []],
  [false, "http://localhost.example.test/hook", []],
  [false, "http://backend:8080/hook", []],
  [true, "http://backend:8080/hook", ["backend"]],
  [true, "http://backend:8080/hook", ["other", "backend:8080"]],
  [false, "http://backend:8081/hook", ["backend:8080"]],
  [true, "https://backend/hook", ["backend:443"]],
  [false, "http://backend/hook", ["backend:443"]],
  [false, "http://backend.evil.test/hook", ["backend"]],
  [true, "https://a.b.app.test/hook", ["*.app.test"]],
  [false, "https://app.test/hook", ["*.app.test"]],
  [false, "https://evilapp.test/hook", ["*.app.test"]],
  [false, "http://app.test@evil.test/hook", ["app.test"]],
  [true, "http://[fd00::7]:8080/hook", ["[fd00::7]:8080"]],
])("The result for webhooks is %s, to %s with %j", (allowed, url, hosts) => {
  expect(allowsWebhook(hosts, url)).toBe(allowed);
});

test.runIf(outside)("Webhooks leave this machine only for an allowed host", async () => {
  const { port } = receiver.address() as AddressInfo;
  const webhook = `http://${outside}:${port}/`;
  const fire = async (webhookHosts: string[]) => {
    const sandbox = await start({ webhookHosts });
    const { item_id } = await connect(plaidClient(sandbox.url), "ins_109508", { webhook });
    await control(sandbox.url, "POST", "items/reset-login", { item_id });
    return vi.waitFor(
      async () => {
        const { webhooks } = await control<{ webhooks: { state: string }[] }>(
          sandbox.url,
          "GET",
          "webhooks",
        );
        const [first] = webhooks;
        if (!first || first.state === "pending") throw new Error("not sent yet");
        return first.state;
      },
      { timeout: 10_000 },
    );
  };
  received = [];
  expect(await fire([])).toBe("refused");
  expect(received).toEqual([]);
  expect(await fire([`${outside}:${port}`])).toBe("delivered");
  expect(received).toEqual([`${outside}:${port}`]);
});

test.runIf(outside)("Hosted Link works under the name that other machines use", async () => {
  const sandbox = await start({ host: "0.0.0.0" });
  const at = `http://${outside}:${sandbox.port}`;
  const request = { ...LINK_TOKEN_REQUEST, hosted_link: {} };
  const { hosted_link_url = "" } = (await plaidClient(at).linkTokenCreate(request)).data;
  expect(hosted_link_url.startsWith(at)).toBe(true);
  const page = await browser.newPage();
  await page.goto(hosted_link_url);
  await page.frameLocator("iframe").getByRole("button", { name: "Continue" }).waitFor();
  await page.close();
});

test.runIf(outside)("A page elsewhere opens Link only when its origin is allowed", async () => {
  const opensLink = async (pageOrigins: string[]) => {
    const sandbox = await start({ host: "0.0.0.0", pageOrigins });
    const at = `http://${outside}:${sandbox.port}`;
    const host = await startHostPage(at, outside);
    const page = await browser.newPage();
    const { link_token } = (await plaidClient(at).linkTokenCreate(LINK_TOKEN_REQUEST)).data;
    const refused = new Promise<boolean>((resolve) => {
      page.on("console", (message) => {
        if (message.text().includes("frame-ancestors")) resolve(false);
      });
    });
    await page.goto(`${host.origin}/?token=${link_token}`);
    await page.getByRole("button", { name: "Connect a bank" }).click();
    const link = page.frameLocator("iframe").getByRole("button", { name: "Continue" });
    const opened = link.waitFor().then(() => true);
    const isOpen = await Promise.race([opened, refused]);
    opened.catch(() => {});
    host.close();
    await page.close();
    return isOpen;
  };
  expect(await opensLink([`http://${outside}:*`])).toBe(true);
  expect(await opensLink(["http://other.test"])).toBe(false);
});
