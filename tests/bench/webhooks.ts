import { createHash, randomUUID } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import { receiveWebhook } from "../../server/webhooks/receive-webhook.ts";
import { amount, type Figure, quantile } from "./figure.ts";
import type { World } from "./world.ts";

const webhooks = 300;
const warmUp = 50;

/** How long a webhook takes from its bytes to the row and the job of it. */
export async function* benchWebhooks({ services }: World): AsyncGenerator<Figure> {
  const { log } = services;
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const webhookKeys = {
    find: async () => publicKey,
  } as unknown as World["services"]["webhookKeys"];
  const signed = await Promise.all(
    Array.from({ length: 2 * webhooks + warmUp }, async () => {
      const body = Buffer.from(
        JSON.stringify({
          webhook_type: "TRANSACTIONS",
          webhook_code: "SYNC_UPDATES_AVAILABLE",
          item_id: randomUUID(),
        }),
      );
      const signature = await new SignJWT({
        request_body_sha256: createHash("sha256").update(body).digest("hex"),
      })
        .setProtectedHeader({ alg: "ES256", kid: "bench" })
        .setIssuedAt()
        .sign(privateKey);
      return { body, signature };
    }),
  );
  const queue = [...signed];
  const take = async (count: number, atOnce: number): Promise<number[]> => {
    const took: number[] = [];
    const some = queue.splice(0, count);
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let one = some.pop(); one; one = some.pop()) {
          const started = performance.now();
          const delivery = { signature: one.signature, bytes: one.body, address: "127.0.0.1" };
          await receiveWebhook({ ...services, webhookKeys }, delivery, log);
          took.push(performance.now() - started);
        }
      }),
    );
    return took;
  };
  await take(warmUp, 10);
  for (const [atOnce, crowd] of [
    [1, "one after the other"],
    [10, "ten at once"],
  ] as const) {
    const took = await take(webhooks, atOnce);
    yield amount(
      {
        issue: "E",
        name: `a webhook verified, kept and its job added, ${crowd}`,
        goal: { atMost: 50 },
        note: `${webhooks} of them, from the bytes to the commit; 99 of 100 within ${quantile(took, 0.99).toFixed(1)} ms.`,
      },
      took,
      "ms",
    );
  }
}
