import { createHash, randomUUID } from "node:crypto";
import { generateKeyPair, SignJWT } from "jose";
import type { Services } from "../../server/services.ts";
import { receiveWebhook } from "../../server/sync/receive-webhook.ts";

const webhooks = 300;
const warmUp = 50;

/** How long a webhook takes from its bytes to the row and the job of it. */
export async function benchWebhooks({ db, log }: Services): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const webhookKeys = { find: async () => publicKey } as unknown as Services["webhookKeys"];
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
          await receiveWebhook({ db, webhookKeys }, one.signature, one.body, log);
          took.push(performance.now() - started);
        }
      }),
    );
    return took.sort((a, b) => a - b);
  };
  const said = (took: number[]) =>
    [0.5, 0.99]
      .map((share) => `${(took[Math.floor(took.length * share)] ?? Number.NaN).toFixed(1)} ms`)
      .join(", at the 99th of 100 ");
  await take(warmUp, 10);
  const [alone, crowd] = [await take(webhooks, 1), await take(webhooks, 10)];
  return `a webhook is verified, kept and its job added in ${said(alone)} (goal < 50 ms); ten at once: ${said(crowd)}`;
}
