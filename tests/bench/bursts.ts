import { setTimeout as pause } from "node:timers/promises";
import { amount, type Figure, ratio, timed } from "./figure.ts";
import { liftedQuotas, startProcess } from "./node-process.ts";
import { exchange, readAccounts } from "./requests.ts";
import type { World } from "./world.ts";

const rounds = 10;
const warmUp = 2;

/** Connections sent at one moment: of many users, and of one user who repeats the same public_token. */
export async function* benchBursts(world: World): AsyncGenerator<Figure> {
  const node = await startProcess("app", { ...world.env, PORT: "0" });
  // Takes no part in the bursts.
  const apart = await startProcess("app", { ...world.env, PORT: "0" });
  const reader = await world.key(await world.user());
  const [users, same]: [number[], number[]] = [[], []];
  const reads = { here: { beside: [], alone: [] }, apart: { beside: [], alone: [] } } as Record<
    "here" | "apart",
    Record<"beside" | "alone", number[]>
  >;
  /** How busy our process was in each burst of 20 users, in percent of one core. */
  const busy: number[] = [];
  /** Reads one after the other, 5 ms apart, while `work` runs. */
  const readBeside = async (url: string, work: Promise<unknown>, times: number[]) => {
    let running = true;
    const ended = work.finally(() => {
      running = false;
    });
    while (running) {
      times.push(await timed(() => readAccounts(url, reader)));
      await pause(5);
    }
    await ended;
  };
  try {
    for (let round = 0; round < 2 * (rounds + warmUp); round++) {
      const from = round % 2 === 0 ? "here" : "apart";
      const { url } = from === "here" ? node : apart;
      const many = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const key = await world.key(await world.user());
          await readAccounts(node.url, key);
          return { key, token: await world.publicToken() };
        }),
      );
      const key = await world.key(await world.user());
      const token = await world.publicToken();
      const [beside, alone]: [number[], number[]] = [[], []];
      await readBeside(url, pause(300), alone);
      const cpuBefore = await node.cpu();
      const manyMs = await timed(() =>
        readBeside(
          url,
          Promise.all(many.map((one) => connected(node.url, one.key, one.token))),
          beside,
        ),
      );
      const cpuMs = ((await node.cpu()) - cpuBefore) / 1000;
      const sameMs = await timed(() =>
        Promise.all(Array.from({ length: 50 }, () => connected(node.url, key, token))),
      );
      if (round < 2 * warmUp) continue;
      reads[from].beside.push(...beside);
      reads[from].alone.push(...alone);
      if (from === "apart") continue;
      users.push(manyMs);
      busy.push((100 * cpuMs) / manyMs);
      same.push(sameMs);
    }
  } finally {
    await node.stop();
    await apart.stop();
  }
  const note = `${rounds} bursts over HTTP, Plaid at 0 ms; ${liftedQuotas} are lifted.`;
  yield amount(
    {
      name: "20 users connect at one moment, until the last one is connected",
      goal: { atMost: 350 },
      note: `${note} Plaid's Pattern took 175 ms on 28 November 2026.`,
      bound:
        "a connection takes 24 ms of processor time: 12 in our process, 7 in PostgreSQL, 5 in the local Plaid and the client on the same two cores (one hash then took 350 ms).",
    },
    users,
    "ms",
  );
  yield amount(
    {
      name: "one user sends the same public_token 50 times at one moment",
      goal: { atMost: 300 },
      note: `${note} Plaid's Pattern took 157 ms on 28 November 2026.`,
    },
    same,
    "ms",
  );
  yield ratio(
    {
      name: "`accounts.list` beside those bursts of 20 users, against alone",
      goal: { atMost: 1.2 },
      note: "one reader, 5 ms between two reads, alone before each burst.",
      bound:
        "the machine: reads from a process of ours that takes no part in the bursts take as long meanwhile (the next line), because PostgreSQL, the local Plaid, the client and the connections share two cores. Further apart, the connections would miss their own goal.",
    },
    reads.here.beside,
    reads.here.alone,
    "ms",
  );
  yield ratio(
    {
      name: "the same reads from another process of ours, which takes no part in the bursts",
      goal: null,
      note: "in every second burst.",
    },
    reads.apart.beside,
    reads.apart.alone,
    "ms",
  );
  yield amount(
    {
      name: "processor time of our process in those bursts, of one core",
      goal: null,
      note: "with the reads.",
    },
    busy,
    "%",
  );
}

async function connected(url: string, key: string, token: string): Promise<void> {
  const refused = await exchange(url, key, token);
  if (refused) throw new Error(`a connection was refused: ${refused.reason}`);
}
