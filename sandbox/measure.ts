import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";

const STARTS = 5;
const EXCHANGES = 20_000;
const WARM_UP = 2_000;
const AT_ONCE = 32;
const TRANSACTIONS = 20_000;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

const WORKSPACE = new URL(".", import.meta.url).pathname;

/** Starts the compiled command, as `npx` does; returns ms until it prints its address, and ms of an empty script. */
async function start(): Promise<{ url: string; startMs: number; nodeMs: number; stop(): void }> {
  const nodeStarted = performance.now();
  await once(spawn(process.execPath, ["-e", ""]), "exit");
  const nodeMs = performance.now() - nodeStarted;

  const main = `${WORKSPACE}dist/src/main.mjs`;
  const started = performance.now();
  const child = spawn(process.execPath, [
    main,
    "--port",
    "0",
    "--memory",
    "--set",
    "transactions_ready_ms=0",
  ]);
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    // Read to the end: a child whose pipe is closed dies when it writes its next line.
    child.stdout.on("data", (chunk) => {
      said += String(chunk);
      const found = /http:\/\/localhost:(\d+)/.exec(said);
      if (found) resolve(`http://127.0.0.1:${found[1]}`);
    });
    child.on("exit", () => reject(new Error(`the sandbox did not start: ${said}`)));
  });
  const startMs = performance.now() - started;
  return { url, startMs, nodeMs, stop: () => child.kill("SIGINT") };
}

/** Posts a body; returns the parsed response. Throws on anything but 200. */
function post<T>(url: string, path: string, body: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const call = request(url + path, {
      method: "POST",
      agent,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        "plaid-client-id": "bench",
        "plaid-secret": "bench",
      },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(answer) as T);
        else reject(new Error(`${path}: ${response.statusCode} ${answer}`));
      });
    });
    call.end(text);
  });
}

/** Runs `work` for every entry, `AT_ONCE` at a time; returns the results in order. */
async function all<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < entries.length) {
      const index = next;
      next += 1;
      results[index] = await work(entries[index] as T);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function exchangesPerSecond(url: string): Promise<number> {
  const fresh = await all(Array.from({ length: EXCHANGES + WARM_UP }), () =>
    post<{ public_token: string }>(url, "/sandbox/public_token/create", {
      institution_id: "ins_109508",
      initial_products: ["transactions"],
    }),
  );
  const exchange = ({ public_token }: { public_token: string }) =>
    post(url, "/item/public_token/exchange", { public_token });
  await all(fresh.slice(EXCHANGES), exchange);
  const started = performance.now();
  await all(fresh.slice(0, EXCHANGES), exchange);
  return (EXCHANGES / (performance.now() - started)) * 1000;
}

/** An Item of a custom user with that many transactions. */
async function fullItem(url: string): Promise<string> {
  // Within the first 30 days, which every Item has.
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const transactions = Array.from({ length: TRANSACTIONS }, (_unused, index) => ({
    date_transacted: yesterday,
    date_posted: yesterday,
    amount: (index % 9000) / 100,
    description: `Purchase ${index}`,
    currency: "USD",
  }));
  const override_password = JSON.stringify({
    override_accounts: [{ type: "depository", subtype: "checking", transactions }],
  });
  const { public_token } = await post<{ public_token: string }>(
    url,
    "/sandbox/public_token/create",
    {
      institution_id: "ins_109508",
      initial_products: ["transactions"],
      options: { override_username: "user_custom", override_password },
    },
  );
  const { access_token } = await post<{ access_token: string }>(
    url,
    "/item/public_token/exchange",
    { public_token },
  );
  return access_token;
}

async function firstSyncMs(
  url: string,
  access_token: string,
): Promise<{ ms: number; pages: number }> {
  const started = performance.now();
  let [cursor, pages, seen] = ["", 0, 0];
  for (let more = true; more; pages += 1) {
    const page = await post<{ added: object[]; next_cursor: string; has_more: boolean }>(
      url,
      "/transactions/sync",
      { access_token, cursor, count: 500 },
    );
    cursor = page.next_cursor;
    seen += page.added.length;
    more = page.has_more;
  }
  if (seen !== TRANSACTIONS) throw new Error(`expected ${TRANSACTIONS} transactions, got ${seen}`);
  return { ms: performance.now() - started, pages };
}

/** `/transactions/get`, page by page, which sorts and counts them all for each page. */
async function pagedGetMs(url: string, access_token: string): Promise<number> {
  const started = performance.now();
  let seen = 0;
  for (let more = true; more; ) {
    const { transactions, total_transactions } = await post<{
      transactions: object[];
      total_transactions: number;
    }>(url, "/transactions/get", {
      access_token,
      start_date: "2000-01-01",
      end_date: "2100-01-01",
      options: { count: 500, offset: seen },
    });
    seen += transactions.length;
    more = seen < total_transactions;
  }
  if (seen !== TRANSACTIONS) throw new Error(`expected ${TRANSACTIONS} transactions, got ${seen}`);
  return performance.now() - started;
}

/** One number of the sandbox; several values where it was measured several times. */
export interface Measured {
  name: string;
  /** Milliseconds, or how many a second. */
  unit: "ms" | "a second";
  values: number[];
  goal: { atMost: number } | { atLeast: number };
}

/**
 * Measures the start, exchanges a second, and a first sync of 20,000 transactions. On loopback, with the
 * compiled package in its own process and its state in memory.
 */
export async function* measure(): AsyncGenerator<Measured> {
  execFileSync("npm", ["run", "build", "--silent"], { cwd: WORKSPACE, stdio: "ignore" });
  const values: number[] = [];
  for (let round = 1; round < STARTS; round += 1) {
    const { startMs, nodeMs, stop } = await start();
    values.push(startMs - nodeMs);
    stop();
  }
  const { url, startMs, nodeMs, stop } = await start();
  values.push(startMs - nodeMs);
  try {
    const goal = { atMost: 1_000 };
    yield { name: "the sandbox's start, beyond Node's own", unit: "ms", values, goal };
    const exchanges = await exchangesPerSecond(url);
    yield { name: "exchanges", unit: "a second", values: [exchanges], goal: { atLeast: 10_000 } };
    const access_token = await fullItem(url);
    const { ms, pages } = await firstSyncMs(url, access_token);
    const name = `a first sync of ${TRANSACTIONS} transactions, in ${pages} pages`;
    yield { name, unit: "ms", values: [ms], goal: { atMost: 1_000 } };
    yield {
      name: `${TRANSACTIONS} transactions by /transactions/get, in ${pages} pages`,
      unit: "ms",
      values: [await pagedGetMs(url, access_token)],
      goal: { atMost: 1_000 },
    };
  } finally {
    stop();
    agent.destroy();
  }
}
