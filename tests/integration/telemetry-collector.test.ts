import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { spans } from "../../server/telemetry/spans.ts";
import { startTraces } from "../../server/telemetry/traces.ts";

/** The SDK reads them when traces start: it exports often, and waits little for each export. Milliseconds. */
process.env.OTEL_BSP_SCHEDULE_DELAY = "5";
process.env.OTEL_BSP_EXPORT_TIMEOUT = "20";

/** Starts a collector that never ends a response. It sends a byte of it now and then, so none is silent. */
async function startEndlessCollector() {
  let exports = 0;
  const server = createServer((req, res) => {
    exports += 1;
    req.resume();
    res.writeHead(200, { "content-type": "application/json" });
    const sending = setInterval(() => res.write(" "), 20);
    res.once("close", () => clearInterval(sending));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports: () => exports,
  };
}

const addSpan = () => spans.inSpan("test", {}, async () => {});

test("Traces close in time when the collector never ends its response", async () => {
  const collector = await startEndlessCollector();
  const traces = startTraces(collector.url, { tracesExport: 600_000, tracesClose: 100 });
  await addSpan();
  await expect.poll(collector.exports).toBe(1);
  const closed = traces.close().then(() => "closed");
  expect(await Promise.race([closed, sleep(10_000, "open", { ref: false })])).toBe("closed");
});

test("Traces are still exported after the collector has not ended as many responses as the exporter holds", async () => {
  const collector = await startEndlessCollector();
  const traces = startTraces(collector.url, { tracesExport: 300, tracesClose: 1_000 });
  onTestFinished(() => traces.close());
  const exportsAfterSpan = async () => {
    await addSpan();
    return collector.exports();
  };
  // It holds 30 at most.
  await expect.poll(exportsAfterSpan, { interval: 10 }).toBeGreaterThan(35);
});
