import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** An attack that is repeated with the attacker's own session, on 127.0.0.1 only. */
export interface Attack {
  kind: keyof typeof attacks;
  url: string;
  email: string;
  cookie: string;
}

/** Starts the attacker in its own process, because the cost of attacking is not measured. */
export async function startAttack(attack: Attack): Promise<{ stop(): Promise<string> }> {
  const child = fork(import.meta.filename, [JSON.stringify(attack)], {
    execArgv: ["--import", "tsx"],
  });
  await once(child, "message");
  // A real attacker is on another machine and takes none of the node's processor time.
  setPriority(child.pid as number, 19);
  return {
    /** Ends the attack. Returns how often each status was received, as text. */
    async stop() {
      child.send("stop");
      const [told] = await once(child, "message");
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      return told as string;
    },
  };
}

const json = { "content-type": "application/json" };
/** Sends `count` requests in parallel, and again once all are done. */
const rounds =
  (count: number, send: (n: number) => Promise<unknown>) => async (on: () => boolean) => {
    while (on()) {
      await Promise.all(Array.from({ length: count }, (_, n) => send(n).catch(() => pause(50))));
    }
  };

const statuses = new Map<string, number>();
const count = (status: string | number) =>
  statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);

/** Each attack sends until `on` returns false. */
const attacks = {
  /** 4,500 fields that no procedure knows. */
  "unknown keys": ({ url, cookie }: Attack) => {
    const body = JSON.stringify(
      Object.fromEntries(Array.from({ length: 4_500 }, (_, n) => [`k${n}`, 1])),
    );
    return rounds(2, () =>
      send(`${url}/api/v1/connections`, { method: "POST", headers: { ...json, cookie }, body }),
    );
  },
  "query parameters": ({ url, cookie }: Attack) => {
    const query = Array.from({ length: 1_000 }, (_, n) => `k${n}=1`).join("&");
    return rounds(2, () => send(`${url}/api/v1/transactions?${query}`, { headers: { cookie } }));
  },
  "log-ins": ({ url, email }: Attack) =>
    rounds(20, () =>
      send(`${url}/api/auth/sign-in/email`, {
        method: "POST",
        headers: json,
        body: JSON.stringify({ email, password: "correct horse" }),
      }),
    ),
  streams: (attack: Attack) =>
    holdSockets(1_500, "GET /trpc/live.changes HTTP/1.1", "\r\n", attack),
  "half-sent bodies": (attack: Attack) =>
    holdSockets(400, "POST /plaid/exchange-token HTTP/1.1", "content-length: 99\r\n\r\n{", attack),
  exports: ({ url, cookie }: Attack) =>
    rounds(24, (n) =>
      send(`${url}/settings/export/${n % 2 ? "transactions.csv" : "everything.json"}`, {
        headers: { cookie },
      }),
    ),
  searches: ({ url, cookie }: Attack) => {
    const names = Array(100).fill("transactions.list").join(",");
    const inputs = Array.from({ length: 100 }, (_, n) => [n, { search: `nothing ${n}` }]);
    const input = encodeURIComponent(JSON.stringify(Object.fromEntries(inputs)));
    return rounds(4, () =>
      send(`${url}/trpc/${names}?batch=1&input=${input}`, { headers: { cookie } }),
    );
  },
} satisfies Record<string, (attack: Attack) => (on: () => boolean) => Promise<void>>;

async function send(url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init);
  count(answer.status);
  // Read to the end, but not stored.
  for await (const _ of answer.body as unknown as AsyncIterable<Uint8Array>);
}

/** Opens so many sockets, 300 a second. Each begins a request and stays open. */
function holdSockets(many: number, line: string, rest: string, { url, cookie }: Attack) {
  const { port, host } = new URL(url);
  const sockets = new Set<Socket>();
  const open = () => {
    const socket = connect(Number(port), "127.0.0.1");
    sockets.add(socket);
    socket.on("data", () => {}).on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.write(
      `${line}\r\nhost: ${host}\r\ncontent-type: application/json\r\ncookie: ${cookie}\r\n${rest}`,
    );
  };
  return async (on: () => boolean) => {
    for (let n = 0; n < many && on(); n++) {
      open();
      if (n % 15 === 14) await pause(50);
    }
    while (on()) await pause(20);
    count(`open at the end: ${sockets.size}`);
  };
}

if (process.argv[1] === import.meta.filename) {
  const attack = JSON.parse(process.argv[2] ?? "") as Attack;
  let isOn = true;
  process.on("disconnect", () => process.exit(0));
  process.on("message", async () => {
    isOn = false;
    // Attacks add to the counts when they end.
    await pause(100);
    const told = [...statuses].map(([status, times]) => `${status}: ${times}`).join(", ");
    process.send?.(told);
  });
  void attacks[attack.kind](attack)(() => isOn);
  process.send?.("on");
}
