import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createClient } from "redis";
import { freePort } from "../../local/ports.ts";
import { startRedis } from "../support/redis.ts";
import { throughput } from "./load.ts";
import { startProcess } from "./node-process.ts";

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What issue D promises of the cache and of live changes. Lines as they are ready. */
export async function* benchLive(
  env: Record<string, string>,
  publicToken: () => Promise<string>,
): AsyncGenerator<string> {
  const redis = await startRedis();
  const port = await freePort();
  const own = {
    ...env,
    REDIS_URL: redis.url,
    PORT: String(port),
    APP_URL: `http://localhost:${port}`,
  };
  const [app, bare] = await Promise.all([startProcess("app", own), startProcess("bare", own)]);
  try {
    const cookie = await signUp(app.url);
    await post(`${app.url}/plaid/exchange-token`, { public_token: await publicToken() }, cookie);
    yield* cachedReads(app.url, bare.url, redis.url, cookie);
    void (0 as unknown as AddressInfo);
  } finally {
    await Promise.all([app.stop(), bare.stop()]);
    await redis.stop();
  }
}

async function* cachedReads(app: string, bare: string, redisUrl: string, cookie: string) {
  const read = `${app}/trpc/accounts.list`;
  const answer = await fetch(read, { headers: { cookie } });
  const client = await createClient({ url: redisUrl }).connect();
  await client.set("bench:accounts", await answer.text());
  client.destroy();
  const rates: number[][] = [];
  for (let round = 0; round < 6; round++) {
    const urls = [read.replace("localhost", "127.0.0.1"), `${bare}/known`, `${bare}/`];
    const row: number[] = [];
    for (const url of urls) row.push(await throughput(url, { cookie }, 32, 1_500));
    if (round > 0) rates.push(row);
  }
  const rate = (at: number) => median(rates.map((row) => row[at] ?? Number.NaN));
  const against = (at: number) =>
    `${rate(0).toFixed(0)} / ${rate(at).toFixed(0)} a second = ${(rate(0) / rate(at)).toFixed(2)}x`;
  yield `cached accounts.list over tRPC, against bare Express with the same log-in and one Redis GET: ${against(1)} (goal >= 0.7x)`;
  yield `  the same against one Redis GET for anybody, without a log-in: ${against(2)}`;
}

async function signUp(url: string): Promise<string> {
  const person = { name: "b", email: `${randomUUID()}@example.com`, password: "correct horse" };
  const response = await post(`${url}/api/auth/sign-up/email`, person);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

async function post(url: string, body: object, cookie = ""): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: new URL(url).origin },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
