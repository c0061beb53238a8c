import { createHash, randomUUID } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import type { Services } from "../../server/services.ts";
import { receiveWebhook } from "../../server/sync/receive-webhook.ts";

const webhooks = 500;
const warmUp = 50;

/** How long a webhook takes from its bytes to the row and the job of it, ten at once. */
export async function benchWebhooks({ db, log }: Services): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const webhookKeys = { find: async () => publicKey } as unknown as Services["webhookKeys"];
  const signed = await Promise.all(
    Array.from({ length: webhooks + warmUp }, async () => {
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
  const took: number[] = [];
  const queue = [...signed];
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let one = queue.pop(); one; one = queue.pop()) {
        const started = performance.now();
        await receiveWebhook({ db, webhookKeys }, one.signature, one.body, log);
        took.push(performance.now() - started);
      }
    }),
  );
  took.splice(0, warmUp);
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? Number.NaN).toFixed(1);
  return `a webhook is verified, kept and its job added in ${at(0.5)} ms, ${at(0.99)} ms at the 99th of 100 (goal < 50 ms; ${webhooks}, ten at once)`;
}
