import { createHash, randomUUID } from "node:crypto";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { freePort } from "../../local/ports.ts";
import { receiveWebhook } from "../../server/webhooks/receive-webhook.ts";
import { amount, type Figure, median, quantile, ratio } from "./figure.ts";
import { sendEach } from "./load.ts";
import { startProcess } from "./node-process.ts";
import type { World } from "./world.ts";

const webhooks = 300;
const warmUp = 50;
const turns = 10;
/** Webhooks sent at once over HTTP, each on its own connection. */
const atOnceOverHttp = 50;

/** The time from a webhook's bytes to its row and job, and how many a node receives a second. */
export async function* benchWebhooks(world: World): AsyncGenerator<Figure> {
  const { services } = world;
  const { log } = services;
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const webhookKeys = {
    find: async () => publicKey,
  } as unknown as World["services"]["webhookKeys"];
  const queue = await signed(privateKey, 2 * webhooks + warmUp);
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
        name: `a webhook verified, stored and its job added, ${crowd}`,
        goal: { atMost: 50 },
        note: `${webhooks} of them, from the bytes to the commit; 99 of 100 within ${quantile(took, 0.99).toFixed(1)} ms.`,
      },
      took,
      "ms",
    );
  }
  yield* benchIntake(world, privateKey, publicKey);
}

/** Webhooks over HTTP, against Express that verifies the same signatures and inserts one row each. */
async function* benchIntake(
  world: World,
  privateKey: CryptoKey,
  publicKey: CryptoKey,
): AsyncGenerator<Figure> {
  const { x, y } = await exportJWK(publicKey);
  await world.pool.query("insert into webhook_keys (id, x, y) values ('bench', $1, $2)", [x, y]);
  const start = async (kind: "app" | "intake") => {
    const port = await freePort();
    const own = { PORT: String(port), APP_URL: `http://localhost:${port}` };
    const process = await startProcess(kind, { ...world.env, ...own });
    return { process, rates: [] as number[], cpu: [] as number[] };
  };
  const [ours, floor] = [await start("app"), await start("intake")];
  try {
    for (let turn = -2; turn < turns; turn++) {
      for (const { process, rates, cpu } of [ours, floor]) {
        const posts = (await signed(privateKey, webhooks)).map(({ body, signature }) => ({
          headers: { "content-type": "application/json", "plaid-verification": signature },
          body: body.toString(),
        }));
        const before = await process.cpu();
        const url = `${process.url.replace("localhost", "127.0.0.1")}/plaid/webhook`;
        const { answers, seconds } = await sendEach(url, posts, atOnceOverHttp);
        // The first rounds are a warm-up.
        if (turn < 0) continue;
        rates.push(answers / seconds);
        cpu.push(((await process.cpu()) - before) / answers);
      }
    }
    yield ratio(
      {
        name: "webhooks received, against bare Express that verifies the same signature and inserts one row",
        goal: { atLeast: 0.5 },
        note: `${atOnceOverHttp} at once, ${turns} turns of ${webhooks}; processor time of a webhook: ${median(ours.cpu).toFixed(0)} us, of the floor's ${median(floor.cpu).toFixed(0)} us.`,
      },
      ours.rates,
      floor.rates,
      "a second",
    );
  } finally {
    await Promise.all([ours.process.stop(), floor.process.stop()]);
  }
}

/** Returns `count` webhooks of as many Items, signed now. */
function signed(privateKey: CryptoKey, count: number) {
  return Promise.all(
    Array.from({ length: count }, async () => {
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
}
