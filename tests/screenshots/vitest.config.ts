import { defineConfig } from "vitest/config";

/** `npm run screenshots`: separate from the tests, because its pictures are reviewed by eye. */
export default defineConfig({
  test: {
    globalSetup: "tests/support/global-setup.ts",
    include: ["tests/screenshots/screenshots.ts"],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
