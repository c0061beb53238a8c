import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packedClientProject, run } from "../support/packed-client.ts";

let project: Awaited<ReturnType<typeof packedClientProject>>;
beforeAll(async () => {
  project = await packedClientProject();
});
afterAll(() => project?.remove());

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const body = JSON.stringify({
  type: "accounts.changed",
  timestamp: "2026-11-29T18:00:00.000Z",
  data: { item_id: "i1", institution_name: null },
});

/** Prints the event of a webhook, and why an altered one is refused. */
const program = (load: string) => `
  ${load}
  const [secret, headers, body] = JSON.parse(process.argv[2]);
  console.log(JSON.stringify(verifyWebhook(secret, headers, body)));
  try { verifyWebhook(secret, headers, body + " "); } catch (error) {
    console.log(error instanceof WebhookError, error.name);
  }`;

test.for([
  ["receiver.mjs", `import { verifyWebhook, WebhookError } from "@fiscility/client/webhooks";`],
  [
    "receiver.cjs",
    `const { verifyWebhook, WebhookError } = require("@fiscility/client/webhooks");`,
  ],
] as const)(
  "The packed verifyWebhook runs in %s with nothing else installed, and is typed",
  async ([name, load]) => {
    project.write({ [name]: program(load) });
    const now = new Date();
    const headers = {
      "webhook-id": "w1",
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign("w1", now, body),
    };
    const { stdout } = await run(
      process.execPath,
      [name, JSON.stringify([secret, headers, body])],
      { cwd: project.folder },
    );
    const [event = "", refused] = stdout.split("\n");
    expect(JSON.parse(event)).toEqual({
      ...{ id: "w1", type: "accounts.changed", timestamp: "2026-11-29T18:00:00.000Z" },
      data: { itemId: "i1", institutionName: null },
    });
    expect(refused).toBe("true WebhookError");
  },
);
