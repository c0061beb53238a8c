import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { ServerBuild } from "@remix-run/node";
import express from "express";
import { build } from "vite";
import { listAccounts } from "../../server/accounts/list-accounts.ts";
import { createApiKey } from "../../server/auth/api-keys.ts";
import { identify } from "../../server/auth/identify.ts";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { createHttp } from "../../server/http/create-http.ts";
import type { Services } from "../../server/services.ts";
import { packedClientProject, run } from "../support/packed-client.ts";
import { amount, type Figure, median, ratio } from "./figure.ts";
import type { World } from "./world.ts";

const root = path.join(import.meta.dirname, "../..");

/** Measures the client's size, its types in the editor, and the cost of tRPC. */
export async function* benchClient(world: World): AsyncGenerator<Figure> {
  const project = await packedClientProject();
  try {
    yield await size(project.folder);
    yield* types(project.folder);
  } finally {
    project.remove();
  }
  yield await overTrpc(world);
}

/** The size in a browser's bundle: minified, with every dependency except zod. */
async function size(folder: string): Promise<Figure> {
  const entry = path.join(folder, "all.mjs");
  writeFileSync(entry, 'export * from "@fiscility/client";');
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      modulePreload: false,
      // Not built as a library, because Vite keeps the white space of libraries.
      rollupOptions: { input: entry, preserveEntrySignatures: "strict" },
    },
  });
  const [output] = [result].flat();
  const code = output && "output" in output ? output.output[0].code : "";
  const kB = gzipSync(code).length / 1000;
  return amount(
    {
      name: "the typed client, minified and gzipped",
      goal: { atMost: 20 },
      bound: "tRPC's own client, its observables and links.",
    },
    [kB],
    "kB",
  );
}

const program = `import { createClient } from "@fiscility/client";
const client = createClient({ baseUrl: "https://connect.example.com" });
const { items } = await client.accounts.list.query();
console.log(items[0]?.accounts[0]?.balances.current);
`;

async function* types(folder: string): AsyncGenerator<Figure> {
  const file = path.join(folder, "program.ts");
  writeFileSync(file, program);
  const typescript = path.join(root, "node_modules/typescript");
  const empty = path.join(folder, "empty.ts");
  writeFileSync(empty, "export {};\n");
  const tsc = async (...args: string[]) => {
    const started = performance.now();
    // As `tsc --init` sets it: the declarations of libraries are used, not checked for themselves.
    await run(process.execPath, [path.join(typescript, "bin/tsc"), ...args, "--skipLibCheck"]);
    return (performance.now() - started) / 1000;
  };
  const seconds: number[] = [];
  const library: number[] = [];
  for (let round = 0; round < 5; round++) {
    library.push(await tsc("--noEmit", "--target", "es2022", empty));
    seconds.push(await tsc("-p", folder));
  }
  yield amount(
    {
      name: "the types of the whole API checked in an empty project, `tsc` from start to end",
      goal: { atMost: 2 },
      bound: `tsc itself: with only its own library to read it takes ${median(library).toFixed(2)} s.`,
      note: "the project contains only the client and its declarations.",
    },
    seconds,
    "s",
  );
  const times = await completionTimes(path.join(typescript, "lib/tsserver.js"), file);
  yield amount(
    {
      name: 'completion after "client." in tsserver',
      goal: { atMost: 300 },
      note: `the first completion took ${times[0]?.toFixed(0)} ms.`,
    },
    times,
    "ms",
  );
}

/** Types "client." in a file that is open, and waits for the names as an editor would. */
async function completionTimes(tsserver: string, file: string) {
  const server = spawn(process.execPath, [tsserver, "--disableAutomaticTypingAcquisition"]);
  const waiting = new Map<number, (body: unknown) => void>();
  let buffered = "";
  server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    buffered += chunk;
    const lines = buffered.split("\n");
    buffered = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) continue;
      const message = JSON.parse(line) as { request_seq?: number; body?: unknown };
      if (message.request_seq !== undefined) waiting.get(message.request_seq)?.(message.body);
    }
  });
  let seq = 0;
  const send = (command: string, args: object) => {
    server.stdin.write(
      `${JSON.stringify({ seq: ++seq, type: "request", command, arguments: args })}\n`,
    );
    return seq;
  };
  const ask = (command: string, args: object) =>
    new Promise<unknown>((resolve) => waiting.set(send(command, args), resolve));

  const line = program.split("\n").length;
  const times: number[] = [];
  try {
    send("open", { file });
    // The editor has underlined errors by the time a developer types.
    await ask("semanticDiagnosticsSync", { file });
    for (let round = 0; round < 6; round++) {
      const text = `client.`;
      send("change", { file, line, offset: 1, endLine: line, endOffset: 1, insertString: text });
      const started = performance.now();
      const body = await ask("completionInfo", { file, line, offset: text.length + 1 });
      times.push(performance.now() - started);
      const { entries = [] } = (body ?? {}) as { entries?: { name: string }[] };
      const names = entries.map(({ name }) => name);
      if (!names.includes("connectAccount")) throw new Error(`no completion: ${names.join()}`);
      const end = text.length + 1;
      send("change", { file, line, offset: 1, endLine: line, endOffset: end, insertString: "" });
    }
  } finally {
    server.kill();
  }
  return times;
}

/** `accounts.list` with a key over tRPC, against an Express route that does only the same work. */
async function overTrpc(world: World): Promise<Figure> {
  const { services } = world;
  const userId = await world.user();
  const input = { publicToken: await world.publicToken() };
  await connectAccount(services, { id: userId }, input, services.log);
  // Both sides count calls in the same way; the limit itself would end the measurement.
  const unlimited: Services = {
    ...services,
    requestLimiter: {
      overLimit: () => null,
      consume: async () => ({
        ...{ limit: 600, windowSeconds: 60, allowed: true },
        ...{ remaining: 600, resetSeconds: 60 },
      }),
    },
  };
  const { key } = await createApiKey(services.db, userId, {
    name: randomUUID(),
    scopes: ["accounts:read"],
    expiresInDays: 1,
  });
  const bare = express().get("/accounts", (req, res, next) => {
    identify(unlimited, req.headers, 1, (name, value) => res.setHeader(name, value))
      .then(async ({ user }) => {
        if (!user) throw new Error("no user");
        res.json(await listAccounts(unlimited, user));
      })
      .catch(next);
  });
  const remix = path.join(root, "build/server/index.js");
  const build = (await import(pathToFileURL(remix).href)) as ServerBuild;
  const ours = createHttp(unlimited, build, {
    stopping: new AbortController().signal,
    isPrepared: () => true,
  });
  const servers = [bare.listen(0), ours.listen(0)] as const;
  const [bareUrl, ourUrl] = servers.map(
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  const time = async (url: string) => {
    const started = performance.now();
    // The cost of compression is not tRPC's.
    const headers = { authorization: `Bearer ${key}`, "accept-encoding": "identity" };
    const response = await fetch(url, { headers });
    await response.text();
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return performance.now() - started;
  };
  const times: [number[], number[]] = [[], []];
  const rounds = 1500;
  const warmUp = 300;
  for (let round = 0; round < rounds + warmUp; round++) {
    const bareMs = await time(`${bareUrl}/accounts`);
    const ourMs = await time(`${ourUrl}/trpc/accounts.list`);
    if (round < warmUp) continue;
    times[0].push(bareMs);
    times[1].push(ourMs);
  }
  for (const server of servers) server.close();
  return ratio(
    {
      name: "latency of `accounts.list` over tRPC, against the same handler bare over Express",
      goal: { atMost: 1.3 },
      bound:
        "the security headers, the request's log line and tRPC's own steps, none of which the floor has.",
      note: `${rounds} of each, alternating, with an API key: both identify the caller, count the call and read the cache; neither compresses.`,
    },
    times[1],
    times[0],
    "ms",
  );
}
