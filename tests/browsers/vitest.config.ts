import { defineConfig } from "vitest/config";

/** `npm run browsers`: separate from the tests, because they run only where the browsers are installed. */
export default defineConfig({
  test: {
    globalSetup: "tests/support/global-setup.ts",
    include: ["tests/browsers/browsers.ts"],
    // BiDi needs a WebSocket, which Node 20 has behind this flag.
    execArgv: ["--experimental-websocket"],
    expect: { poll: { timeout: 20_000, interval: 30 } },
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
