import { expect, test } from "vitest";
import { settingsFromTexts } from "../src/control/settings.ts";
import { type SandboxOptions, startSandbox } from "../src/index.ts";

test.each<[object, string]>([
  [{ latency_ms: 5 }, "unknown option latency_ms; known: port, host"],
  [{ latencyMs: "5" }, 'latencyMs must be a whole number from 0 to 600000, got "5"'],
  [{ latencyMs: -1 }, "latencyMs must be a whole number from 0 to 600000, got -1"],
  [{ linkEvents: 1 }, "linkEvents must be true or false, got 1"],
  [{ port: 65_536 }, "port must be a whole number from 0 to 65535, got 65536"],
  [{ seed: 1.5 }, "seed must be a whole number"],
  [{ seed: null }, "seed must be a whole number"],
  [{ dataFile: "" }, 'dataFile must be a text that is not empty, got ""'],
  [{ startDate: "2026-02-30" }, 'startDate must be a day such as 2026-06-15, or "today"'],
  [{ startDate: "15/06/2026" }, "startDate must be a day"],
  [{ webhookHosts: "backend" }, 'webhookHosts must be a list of texts, got "backend"'],
  [{ webhookHosts: ["http://backend/hook"] }, 'got "http://backend/hook"'],
  [{ webhookHosts: ["*"] }, "a webhook host must be like backend, backend:8080"],
  [{ pageOrigins: ["https://app.test/page"] }, 'got "https://app.test/page"'],
  [{ pageOrigins: ["https://app.test; script-src *"] }, "a page origin must be like"],
  [{ pageOrigins: ["*"] }, "a page origin must be like"],
  [{ publicUrl: "localhost:3001" }, "the public URL must be like http://localhost:3001"],
  [{ publicUrl: "http://localhost:3001/plaid" }, "the public URL must be like"],
])("startSandbox rejects %j with the reason", async (options, reason) => {
  await expect(startSandbox(options as SandboxOptions)).rejects.toThrow(reason);
});

test.each<[string, string]>([
  ["full_history=true=x", '--set full_history must be true or false, got "true=x"'],
  ["full_history", '--set full_history must be true or false, got ""'],
  ["latency_ms=-1", '--set latency_ms must be a whole number of milliseconds, got "-1"'],
  ["constructor=true", "--set constructor: unknown; known: rate_limits"],
])("The option --set %s is rejected with the reason", (text, reason) => {
  expect(() => settingsFromTexts([text])).toThrow(reason);
});
