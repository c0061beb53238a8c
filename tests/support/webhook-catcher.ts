import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { until } from "./until.ts";

/** A webhook as Plaid sent it: its exact bytes and their signature. */
export interface CaughtWebhook {
  signature: string;
  body: Buffer;
  code: string;
  itemId: string;
}

/** A receiver that stores webhooks, for a test to deliver as often and in any order it likes. */
export async function startWebhookCatcher() {
  const caught: CaughtWebhook[] = [];
  const server = createServer(async (req, res) => {
    const body = await buffer(req);
    const { webhook_code: code, item_id: itemId } = JSON.parse(body.toString());
    caught.push({ signature: String(req.headers["plaid-verification"]), body, code, itemId });
    res.end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    caught,
    /** Waits for the newest webhook with this code for the Item. */
    async next(itemId: string, code: string): Promise<CaughtWebhook> {
      const find = () => caught.findLast((one) => one.itemId === itemId && one.code === code);
      await until(() => find() !== undefined);
      return find() as CaughtWebhook;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Delivers a webhook to the app. Returns the status. */
export async function deliver(
  url: string,
  { signature, body }: { signature?: string; body: Buffer | string },
): Promise<number> {
  const response = await fetch(`${url}/plaid/webhook`, {
    method: "POST",
    body: new Uint8Array(Buffer.from(body)),
    headers: {
      "content-type": "application/json",
      ...(signature === undefined ? {} : { "plaid-verification": signature }),
    },
  });
  await response.arrayBuffer();
  return response.status;
}
