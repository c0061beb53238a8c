import { test } from "vitest";
import { type SandboxOptions, startSandbox } from "../../src/index.ts";
import { plaidClient } from "./client.ts";

/** `test` with a `sandbox` and Plaid's SDK for it, `plaid`, which all tests and hooks of the file share. */
export const testWithSandbox = (options: SandboxOptions) =>
  test
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures this one needs.
    .extend("sandbox", { scope: "file" }, async ({}, { onCleanup }) => {
      const sandbox = await startSandbox(options);
      onCleanup(() => sandbox.close());
      return sandbox;
    })
    .extend("plaid", { scope: "file" }, ({ sandbox }) => plaidClient(sandbox.url));
