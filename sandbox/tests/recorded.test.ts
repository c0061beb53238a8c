import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningSandbox, startSandbox } from "../src/index.ts";
import { checkAnswer, KIND } from "./support/client.ts";

/**
 * Requests recorded from public backends. `$name` stands for a value of
 * an earlier response, kept under `keep`.
 */
interface Recorded {
  from: string;
  requests: { path: string; body: object; keep?: Record<string, string>; expect: object }[];
}

const recorded: Recorded[] = JSON.parse(
  readFileSync(new URL("./recorded.json", import.meta.url), "utf8"),
);
let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ ...KIND, seed: 29 });
});
afterAll(() => sandbox.close());

test.each(recorded)(
  "The sandbox accepts the requests of $from as Plaid does",
  async ({ requests }) => {
    const kept = new Map<string, string>();
    for (const { path, body, keep = {}, expect: wanted } of requests) {
      const text = JSON.stringify(body).replaceAll(
        /\$(\w+)/g,
        (_all, name) => kept.get(name) ?? "",
      );
      const response = await fetch(sandbox.url + path, {
        method: "POST",
        body: text,
        headers: {
          "content-type": "application/json",
          "plaid-client-id": "recorded",
          "plaid-secret": "recorded",
          "plaid-version": "2020-09-14",
        },
      });
      const parsed = await response.json();
      expect({ path, status: response.status, parsed }).toMatchObject({ path, status: 200 });
      checkAnswer(path, response.status, parsed);
      expect(parsed).toMatchObject(wanted);
      for (const [name, field] of Object.entries(keep)) kept.set(name, parsed[field]);
    }
  },
);
