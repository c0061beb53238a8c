import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "vitest";
import { createApiKey } from "../../../server/auth/api-keys.ts";
import type { TestApp, TestUser } from "../../support/app.ts";
import { lockTable } from "../../support/database-faults.ts";
import { testWithApp } from "../../support/fixtures.ts";
import { addTransactions, deleteTransactions, raiseDataVersion } from "../../support/rows.ts";
import { openStream } from "../../support/sse.ts";

/** Short, because the test of half-sent requests waits until each has passed. */
const limits = { requestHeader: 1_500, request: 3_000, requestCheck: 300, livePing: 2_000 };
const test = testWithApp({}, { limits });
let ada: TestUser;
let port: number;
test.beforeAll(async ({ app }) => {
  ada = await app.signUp("cfo");
  port = Number(new URL(app.url).port);
});

const open: { close(): void }[] = [];
test.afterEach(async ({ app }) => {
  for (const one of open.splice(0)) one.close();
  await expect.poll(() => app.services.live.size).toBe(0);
});

async function follow(app: TestApp, headers: Record<string, string>) {
  const stream = await openStream(`${app.url}/trpc/live.changes`, headers);
  open.push(stream);
  await expect.poll(() => stream.events.length).toBeGreaterThan(1);
  return stream;
}

/** An attacker's connection; `heard` holds the bytes received. */
async function raw(sent: string) {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen: false });
  const one = { socket, heard: "", closed: false, close: () => void socket.destroy() };
  socket.setEncoding("latin1").on("data", (text: string) => {
    one.heard += text;
  });
  socket
    .on("error", () => {})
    .on("close", () => {
      one.closed = true;
    });
  open.push(one);
  await once(socket, "connect");
  socket.write(sent);
  return one;
}

const reason = ({ events }: Awaited<ReturnType<typeof follow>>) => {
  const last = events.at(-1);
  return last?.event === "serialized-error" ? JSON.parse(last.data).data.reason : last?.event;
};

test("A user has ten streams on a node over sessions and keys, and the oldest ends with its reason", async ({
  app,
}) => {
  const bob = await app.signUp();
  const bobs = await follow(app, { cookie: bob.cookie });
  const { key } = await createApiKey(app.services.db, ada.id, {
    name: "Streams",
    scopes: ["accounts:read"],
    expiresInDays: 1,
  });
  const streams = [];
  for (let n = 0; n < 13; n++) {
    const byKey: Record<string, string> = { authorization: `Bearer ${key}` };
    streams.push(await follow(app, n % 2 ? { cookie: ada.cookie } : byKey));
  }
  const oldest = streams.splice(0, 3);
  for (const stream of oldest) {
    await stream.ended;
    expect(reason(stream)).toBe("stream_replaced");
  }
  await raiseDataVersion(app);
  for (const stream of [...streams, bobs])
    await expect.poll(() => stream.messages()).toHaveLength(2);
  expect(app.services.live.size).toBe(11);
});

test("120 streams of one session keep ten sockets, and more are refused for a minute", async ({
  app,
}) => {
  const { cookie } = await app.signUp();
  const get = `GET /trpc/live.changes HTTP/1.1\r\nhost: a\r\ncookie: ${cookie}\r\n\r\n`;
  const sockets: Awaited<ReturnType<typeof raw>>[] = [];
  for (let n = 0; n < 3; n++) {
    sockets.push(...(await Promise.all(Array.from({ length: 40 }, () => raw(get)))));
  }
  await expect
    .poll(() => sockets.filter(({ heard }) => !heard.includes("event: connected")))
    .toHaveLength(0);
  await expect.poll(() => sockets.filter(({ closed }) => !closed)).toHaveLength(10);
  expect(app.services.live.size).toBe(10);
  // Each counts as ten of the session's 1,200 calls.
  const refused = await raw(get);
  await expect.poll(() => refused.heard).toContain("HTTP/1.1 429");
  expect(app.services.live.size).toBe(10);
});

const paths = [
  ...["/plaid/webhook", "/plaid/exchange-token", "/plaid/nothing", "/api/v1/connections"],
  ...["/api/v1/nothing", "/api/auth/sign-in/email", "/api/auth/nothing", "/trpc/connectAccount"],
  ...["/trpc/connectAccount,items.disconnect?batch=1", "/trpc/nothing", "/login", "/appearance"],
  ...["/settings/security", "/logout", "/healthz", "/readyz", "/api/openapi.json", "/nothing"],
  ...["/assets/nothing.js", "/settings/export/everything.json"],
];
const begun: [string, (path: string) => string][] = [
  ["its length", () => "content-length: 100\r\n\r\n{"],
  ["chunks", () => "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"],
  ["half a chunk", () => "transfer-encoding: chunked\r\n\r\nff\r\n{"],
  ["leave to continue", () => "expect: 100-continue\r\ncontent-length: 100\r\n\r\n"],
  ["half a header", () => "content-le"],
];

test("A request that stays half sent keeps no socket, whatever its path and body", async ({
  app,
}) => {
  // Not her session, because one of the paths logs out.
  const session = `cookie: ${(await app.signUp()).cookie}\r\n`;
  const sockets = new Map<string, Awaited<ReturnType<typeof raw>>>();
  const stream = await follow(app, { cookie: ada.cookie });
  const slow = await slowDownload(app);
  for (const path of paths) {
    for (const [how, rest] of begun) {
      for (const who of ["", session]) {
        const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${who}`;
        sockets.set(`${path} with ${how}${who && ", logged in"}`, await raw(head + rest(path)));
      }
    }
  }
  sockets.set("nothing at all", await raw(""));
  sockets.set("half a method", await raw("PO"));
  const again = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
  sockets.set("half a second request", await raw(`${again}POST /login HTTP/1.1\r\nho`));
  // It sends a byte now and then, so it is never idle.
  const trickling = await raw(
    "POST /plaid/webhook HTTP/1.1\r\nhost: a\r\ncontent-length: 999\r\n\r\n",
  );
  const trickle = setInterval(() => trickling.socket.write("a"), 500);
  sockets.set("a byte now and then", trickling);
  const stillOpen = () => [...sockets].filter(([, { closed }]) => !closed).map(([name]) => name);
  try {
    await expect.poll(stillOpen).toEqual([]);
  } finally {
    clearInterval(trickle);
  }
  // Streams and slow readers are not mistaken for half-sent requests.
  expect(stream.events.at(-1)?.event).toBe("ping");
  expect(app.services.live.size).toBe(1);
  const rows = await slow.finish();
  expect(rows).toBe(30_000);
  const errors = app.logLines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50);
  expect(errors).toEqual([]);
});

/** An export of 30,000 rows whose reader has stopped after the first bytes; `finish` counts its rows. */
async function slowDownload(app: TestApp) {
  await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, ada);
  await deleteTransactions(app, ada);
  await addTransactions(app, ada, 30_000, 500);
  const sent = request(`${app.url}/settings/export/transactions.csv`, {
    headers: { cookie: ada.cookie },
  });
  sent.end();
  open.push({ close: () => void sent.destroy() });
  const [response] = await once(sent, "response");
  response.pause();
  return {
    async finish(): Promise<number> {
      let lines = 0;
      response.on("data", (part: Buffer) => {
        // Not "\r\n", which may be split over two parts.
        lines += part.toString("latin1").split("\n").length - 1;
      });
      response.resume();
      await once(response, "end");
      // Not counting the header.
      return lines - 1;
    },
  };
}

test("Requests that are pipelined are not served, and hold no place of their user", async ({
  app,
}) => {
  const open = `GET /activity HTTP/1.1\r\nHost: localhost:${port}\r\nCookie: ${ada.cookie}\r\n\r\n`;
  const release = await lockTable(app, "account_activity");
  try {
    const pipelined = await raw(open.repeat(6));
    await expect.poll(() => pipelined.closed).toBe(true);
    expect(pipelined.heard).toBe("");
  } finally {
    await release();
  }
  const page = await fetch(`${app.url}/activity`, { headers: { cookie: ada.cookie } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("</html>")]);
});
