import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { freePort } from "../../local/ports.ts";
import { startRedis } from "../support/redis.ts";
import { type Figure, median, ratio } from "./figure.ts";
import { throughput } from "./load.ts";
import { startProcess } from "./node-process.ts";
import { addUser, signUp } from "./users.ts";
import type { World } from "./world.ts";

const turns = 20;
/** Each a user of its own: simultaneous reads of one user share one read of the session. */
const connections = 32;
const turnMs = 400;

/** Cached `accounts.list` over tRPC, against Express with the same log-in and one Redis GET, and over REST. */
export async function* benchReads(world: World): AsyncGenerator<Figure> {
  const redis = await startRedis();
  const start = async (kind: "app" | "bare") => {
    const port = await freePort();
    const own = { REDIS_URL: redis.url, PORT: String(port), APP_URL: `http://localhost:${port}` };
    return startProcess(kind, { ...world.env, ...own });
  };
  const [app, bare] = [await start("app"), await start("bare")];
  try {
    // A log-in slows all later work of a process, because better-auth starts async hooks.
    await signUp(app.url, `${randomUUID()}@example.com`);
    const read = `${app.url}/trpc/accounts.list`;
    const client = await createClient({ url: redis.url }).connect();
    const headers: Record<string, string>[] = [];
    for (let n = 0; n < connections; n++) {
      const { id, cookie } = await addUser(world, app.url);
      const answer = await fetch(read, { headers: { cookie } });
      await client.set(`bench:accounts:${id}`, await answer.text());
      headers.push({ cookie });
    }
    client.destroy();
    // Both alternate often, so that other load on the machine affects them equally.
    const sides = [
      { process: app, url: read.replace("localhost", "127.0.0.1") },
      { process: bare, url: `${bare.url}/known` },
      { process: app, url: `${app.url}/api/v1/accounts`.replace("localhost", "127.0.0.1") },
    ].map((side) => ({ ...side, rates: [] as number[], cpu: [] as number[] }));
    for (const { url } of sides) await throughput(url, headers, connections, 3_000);
    for (let turn = 0; turn < turns; turn++) {
      for (const side of sides) {
        const before = await side.process.cpu();
        const { answers, seconds } = await throughput(side.url, headers, connections, turnMs);
        side.rates.push(answers / seconds);
        side.cpu.push(((await side.process.cpu()) - before) / answers);
      }
    }
    const [ours, known, rest] = sides;
    if (!ours || !known || !rest) return;
    const processor = (one: { cpu: number[] }, floor: { cpu: number[] }) =>
      `${connections} connections of as many users, ${turns} turns; processor time of a request: ${median(one.cpu).toFixed(0)} us, of the floor's ${median(floor.cpu).toFixed(0)} us.`;
    yield ratio(
      {
        name: "throughput of cached `accounts.list` over tRPC, against bare Express with the same log-in and one Redis GET",
        goal: { atLeast: 0.85 },
        bound:
          "tRPC's call of the procedure: the same Express server reaches 0.68x with that call, a log line and six headers alone, without anything else of ours (1 December 2026). The rest are our checks of each request.",
        note: processor(ours, known),
      },
      ours.rates,
      known.rates,
      "a second",
    );
    yield ratio(
      {
        name: "throughput of cached accounts over REST, against `accounts.list` over tRPC",
        goal: { atLeast: 0.85 },
        bound: "Express looks for the path among those of all endpoints.",
        note: processor(rest, ours),
      },
      rest.rates,
      ours.rates,
      "a second",
    );
  } finally {
    await Promise.all([app.stop(), bare.stop()]);
    await redis.stop();
  }
}
