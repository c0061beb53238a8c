import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Session } from "node:inspector";
import type { Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { startWorker } from "../../server/jobs/worker.ts";
import { startTestApp } from "../support/app.ts";
import { doneSyncsOf } from "../support/rows.ts";
import { until } from "../support/until.ts";

/** What this process did from the app's start to its end, with neither METRICS_PORT nor OTEL_* set. */
let files: string[];
let servers: number;
const tried = new Set<number>();
let known: number[];
beforeAll(async () => {
  subscribe("net.client.socket", noteTries);
  const before = listening();
  const app = await startTestApp();
  const user = await app.signUp("cfo");
  const body = { public_token: await app.publicToken() };
  expect((await app.post("/plaid/exchange-token", body, user)).status).toBe(200);
  const worker = await startWorker(app.services);
  await until(async () => (await doneSyncsOf(app)).length === 1);
  await worker.stop();
  files = loadedFiles();
  servers = listening() - before;
  known = [app.url, app.sandboxUrl, app.databaseUrl].map((url) => Number(new URL(url).port));
  await app.close();
  unsubscribe("net.client.socket", noteTries);
});

/** Records every port that this process tries to connect to. */
function noteTries(message: unknown): void {
  const { socket } = message as { socket: Socket };
  socket.on("connectionAttempt", (_address, port) => tried.add(port));
}

const listening = () =>
  process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;

/** Returns the file of every module that this process has loaded. */
function loadedFiles(): string[] {
  const found: string[] = [];
  const session = new Session();
  session.connect();
  session.on("Debugger.scriptParsed", ({ params }) => found.push(params.url));
  session.post("Debugger.enable");
  session.disconnect();
  return found;
}

test("Telemetry that is off is not loaded and registers nothing", () => {
  expect(files.some((file) => file.includes("/node_modules/graphile-worker/"))).toBe(true);
  expect(files.filter((file) => /prom-client|@opentelemetry/.test(file))).toEqual([]);
  // Where the API stores registrations: `internal/global-utils.ts` of @opentelemetry/api.
  expect(globalThis[Symbol.for("opentelemetry.js.api.1") as never]).toBeUndefined();
});

test("Telemetry that is off does not listen", () => {
  // The app, the mailbox with its page, and the sandbox of this test.
  expect(servers).toBe(4);
});

test("Telemetry that is off sends nothing: the server calls only the database and Plaid", () => {
  expect(tried.size).toBeGreaterThan(1);
  expect([...tried].filter((port) => !known.includes(port))).toEqual([]);
});
