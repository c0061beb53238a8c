import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { FiscilityError } from "../../../server/contracts/errors.ts";
import {
  postWebhook,
  type ResolvedAddress,
  type ResolveHost,
  resolveHost,
} from "../../../server/outgoing-webhooks/post-webhook.ts";
import { sendWebhooks } from "../../../server/outgoing-webhooks/send-webhooks.ts";
import { readWebhookUrl } from "../../../server/outgoing-webhooks/webhook-url.ts";
import { startOver, testWithApp } from "../../support/fixtures.ts";
import { startReceiver } from "../../support/webhook-receiver.ts";

/** A user's webhook must not lead into the network that the product runs in (SSRF). */
const names = new Map<string, ResolvedAddress[]>();
let lookups = 0;
const resolve: ResolveHost = async (host, isLocal) => {
  lookups += 1;
  return names.get(host) ?? (isLocal ? resolveHost(host, true) : []);
};
const test = testWithApp({}, { resolveHost: resolve });
test.beforeEach(async ({ app }) => {
  lookups = 0;
  await startOver(app);
});

const v4 = (address: string) => ({ address, family: 4 });
const v6 = (address: string) => ({ address, family: 6 });

/** Counts connections and sends nothing. */
async function listener() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, count: () => connections };
}

const privateAddresses = [
  ...["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.7", "172.16.0.1", "172.31.255.255"],
  ...["192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1"],
  ...["255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.1"],
  ...["::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.7", "::ffff:a9fe:a9fe", "::127.0.0.1"],
  ...["::7f00:1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"],
  ...["64:ff9b::7f00:1", "64:ff9b:1::a00:7", "2002:7f00:1::", "2001:0:7f00:1::", "100::1"],
];

test.for([
  ...privateAddresses.map((ip) => (ip.includes(":") ? `https://[${ip}]/` : `https://${ip}/`)),
  ...["https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/"],
  ...["https://0xa9fea9fe/", "https://１２７.0.0.1/", "https://127.0.0.1./", "https://0/"],
  ...["http://10.0.0.7/", "http://93.184.216.34/", "http://[::ffff:10.0.0.7]/"],
  ...["https://user@hooks.example.com/", "https://u:p@hooks.example.com/"],
  ...["ftp://hooks.example.com/", "file:///etc/passwd", "javascript:alert(1)", "//x", "x"],
])("webhooks.create rejects %s, in local mode too", async (url, { app }) => {
  const user = await app.signUp("cfo");
  const { status, body } = await app.post(
    "/api/v1/webhooks",
    { url, events: ["accounts.changed"] },
    user,
  );
  expect([status, body.error?.reason]).toEqual([400, "webhook_url_refused"]);
});

test("webhooks.create allows plain http only to this machine and only in local mode", () => {
  const reads = (url: string, isLocalMode: boolean) => {
    try {
      readWebhookUrl(url, isLocalMode);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(FiscilityError);
      return false;
    }
  };
  for (const url of ["http://127.0.0.1:4000/", "http://[::1]:4000/", "http://localhost:4000/"]) {
    expect([reads(url, true), reads(url, false)], url).toEqual([true, false]);
  }
  for (const url of ["https://hooks.example.com/a?b=c", "https://93.184.216.34:8443/"]) {
    expect([reads(url, true), reads(url, false)], url).toEqual([true, true]);
  }
});

test.for(privateAddresses)(
  "A webhook to a name that resolves to %s connects nowhere",
  async (address) => {
    const there = await listener();
    const own = address.includes(":") ? v6(address) : v4(address);
    for (const addresses of [[own], [v4("93.184.216.34"), own]]) {
      names.set("hooks.example.com", addresses);
      const posted = await postWebhook(
        `https://hooks.example.com:${there.port}/`,
        { body: "{}", headers: {} },
        { timeoutMs: 2_000, allowsLocal: false, resolve },
      );
      expect(posted).toEqual({ error: "address_not_public", httpStatus: null });
    }
    expect(there.count()).toBe(0);
  },
);

test("A webhook to a name that resolves to this machine is not sent over http, except to localhost in local mode", async () => {
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const { port } = new URL(there.url);
  names.set("hooks.example.com", [v4("127.0.0.1")]);
  const post = (url: string, allowsLocal: boolean) =>
    postWebhook(url, { body: "{}", headers: {} }, { timeoutMs: 2_000, allowsLocal, resolve });
  expect(await post(`http://hooks.example.com:${port}/`, false)).toMatchObject({
    error: "address_not_public",
  });
  expect(await post(`http://localhost:${port}/`, false)).toMatchObject({
    error: "address_not_public",
  });
  expect(there.received).toEqual([]);
  expect(await post(`http://localhost:${port}/`, true)).toEqual({ error: null, httpStatus: 204 });
});

test("A webhook's name is looked up once for each attempt, and the connection goes to that address", async ({
  app,
}) => {
  const there = await listener();
  const user = await app.signUp("cfo");
  const url = `https://rebinds.example.com:${there.port}/`;
  const { body } = await app.post(
    "/api/v1/webhooks",
    { url, events: ["connection.connected"] },
    user,
  );
  // Public at first; any later lookup would return this machine.
  names.set("rebinds.example.com", [v4("127.0.0.1")]);
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  const endpoint = { userId: user.id, endpointId: body.webhook.id };
  await sendWebhooks(app.services, endpoint, app.services.log);
  expect([lookups, there.count()]).toEqual([1, 0]);
  const { deliveries } = await app.get(`/api/v1/webhooks/${body.webhook.id}/deliveries`, user);
  expect(deliveries).toMatchObject([
    { status: "waiting", error: "address_not_public", http_status: null },
  ]);
});

test("A webhook's connection goes to the checked address, and nothing else looks up the name", async () => {
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const { port } = new URL(there.url);
  // Only this test's resolver knows this name.
  names.set("pinned.example.com", [v4("127.0.0.1")]);
  const posted = await postWebhook(
    `http://pinned.example.com:${port}/`,
    { body: "{}", headers: {} },
    { timeoutMs: 2_000, allowsLocal: true, resolve },
  );
  expect(posted).toEqual({ error: null, httpStatus: 204 });
  expect(there.received[0]?.headers.host).toBe(`pinned.example.com:${port}`);
});

test("A webhook's redirect is not followed, wherever it leads", async ({ app }) => {
  const [there, inside] = [await startReceiver(), await startReceiver()];
  onTestFinished(async () => void (await Promise.all([there.close(), inside.close()])));
  there.respond = (_req, res) => res.writeHead(307, { location: inside.url }).end();
  const posted = await postWebhook(
    there.url,
    { body: "{}", headers: {} },
    { timeoutMs: 2_000, allowsLocal: app.services.config.localWebhooks, resolve },
  );
  expect(posted).toEqual({ error: "redirected", httpStatus: 307 });
  expect([there.received.length, inside.received.length]).toEqual([1, 0]);
});

test("A webhook costs no more than its time limit when the receiver is slow or endless, or the name server is silent", async () => {
  const there = await startReceiver();
  onTestFinished(() => there.close());
  const post = async (url: string, allowsLocal: boolean, by = resolve, timeoutMs = 400) => {
    const begun = performance.now();
    const posted = await postWebhook(
      url,
      { body: "{}", headers: {} },
      { timeoutMs, allowsLocal, resolve: by },
    );
    expect(performance.now() - begun).toBeLessThan(2_000);
    return posted;
  };
  there.respond = () => {};
  expect(await post(there.url, true)).toEqual({ error: "timed_out", httpStatus: null });
  // Its body is not read, so the connection is closed long before the time limit.
  let isClosed = false;
  there.respond = (_req, res) => {
    res.on("close", () => {
      isClosed = true;
    });
    res.writeHead(200);
    const more = () => {
      while (!res.destroyed && res.write(Buffer.alloc(65_536)));
    };
    res.on("drain", more);
    more();
  };
  expect(await post(there.url, true, resolve, 60_000)).toEqual({ error: null, httpStatus: 200 });
  await expect.poll(() => isClosed, { timeout: 2_000 }).toBe(true);
  // An endless head.
  there.respond = (req) => {
    const drip = setInterval(() => req.socket.write("x: y\r\n"), 20);
    req.socket.on("close", () => clearInterval(drip)).on("error", () => {});
    req.socket.write("HTTP/1.1 200 OK\r\n");
  };
  expect(await post(there.url, true)).toMatchObject({ httpStatus: null });
  const silent = () => new Promise<ResolvedAddress[]>(() => {});
  expect(await post("https://hooks.example.com/", false, silent)).toEqual({
    ...{ error: "timed_out", httpStatus: null },
  });
});

test.for([
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 999 Whatever\r\n\r\n",
  "SSH-2.0-OpenSSH_9.6\r\n",
])("A webhook ends within its time limit when the receiver sends %j", async (bytes) => {
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.write(bytes));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sent = postWebhook(
    `http://localhost:${port}/`,
    { body: "{}", headers: {} },
    { timeoutMs: 500, allowsLocal: true, resolve },
  );
  expect(await Promise.race([sent, setTimeout(3_000, "never")])).toHaveProperty("httpStatus");
});
