import { execFileSync } from "node:child_process";

/** Builds the pages in the pseudo-locale before the tests that walk through them. */
export default function setup(): void {
  const config = "tests/pseudo-locale/vite.config.ts";
  execFileSync("npx", ["remix", "vite:build", "--logLevel", "warn", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
