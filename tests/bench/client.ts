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
import { createApiKey } from "../../server/auth/api-keys.ts";
import { identify } from "../../server/auth/identify.ts";
import { callLimit } from "../../server/cache/request-limiter.ts";
import { connectAccount } from "../../server/connect/connect-account.ts";
import { listAccounts } from "../../server/connect/list-accounts.ts";
import { createHttp } from "../../server/http.ts";
import type { Services } from "../../server/services.ts";
import { packedClientProject, run } from "../support/packed-client.ts";

const root = path.join(import.meta.dirname, "../..");
const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What issue G promises of the typed client: its size, its types in the editor, tRPC's own cost. */
export async function benchClient(
  services: Services,
  newUser: () => Promise<string>,
  publicToken: () => Promise<string>,
): Promise<string[]> {
  const project = await packedClientProject();
  try {
    return [
      await size(project.folder),
      ...(await types(project.folder)),
      await overTrpc(services, await newUser(), await publicToken()),
    ];
  } finally {
    project.remove();
  }
}

/** As a browser's bundle has it: minified, with all that it depends on but zod. */
async function size(folder: string): Promise<string> {
  const entry = path.join(folder, "all.mjs");
  writeFileSync(entry, 'export * from "@fiscility/client";');
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: "esbuild",
      lib: { entry, formats: ["es"] },
      rollupOptions: { external: /^zod/ },
    },
  });
  const [output] = [result].flat();
  const code = output && "output" in output ? output.output[0].code : "";
  const kB = gzipSync(code).length / 1000;
  return `the client without zod, with its other dependencies, minified and gzipped: ${kB.toFixed(1)} kB (goal <= 15 kB)`;
}

const program = `import { createClient } from "@fiscility/client";
const client = createClient({ baseUrl: "https://connect.example.com" });
const { items } = await client.accounts.list.query();
console.log(items[0]?.accounts[0]?.balances.current);
`;

async function types(folder: string): Promise<string[]> {
  const file = path.join(folder, "program.ts");
  writeFileSync(file, program);
  const typescript = path.join(root, "node_modules/typescript");
  const seconds: number[] = [];
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    // As `tsc --init` sets it: the declarations of libraries are used, not checked for themselves.
    await run(process.execPath, [
      path.join(typescript, "bin/tsc"),
      ...["-p", folder, "--skipLibCheck"],
    ]);
    seconds.push((performance.now() - started) / 1000);
  }
  const completion = await completionTimes(path.join(typescript, "lib/tsserver.js"), file);
  return [
    `the types of the whole API in an empty project, tsc from start to end: ${median(seconds).toFixed(2)} s (goal < 2 s)`,
    `completion after "client." in tsserver: first ${completion.first.toFixed(0)} ms, then ${completion.later.toFixed(0)} ms (goal < 300 ms)`,
  ];
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
    // The editor has underlined what is wrong by the time somebody types.
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
  const [first = Number.NaN, ...later] = times;
  return { first, later: median(later) };
}

/** accounts.list with a key over tRPC, against an Express route that does the same and nothing else. */
async function overTrpc(services: Services, userId: string, token: string): Promise<string> {
  await connectAccount(services, { id: userId }, { publicToken: token }, services.log);
  // Both sides count calls in the same way; the limit itself would end the measurement.
  const unlimited: Services = {
    ...services,
    requestLimiter: {
      consume: async () => ({ allowed: true, remaining: callLimit.calls, resetSeconds: 60 }),
    },
  };
  const { key } = await createApiKey(services.db, userId, {
    name: randomUUID(),
    scopes: ["accounts:read"],
    expiresInDays: 1,
  });
  const bare = express().get("/accounts", (req, res, next) => {
    const headers = new Headers({ authorization: req.headers.authorization ?? "" });
    identify(unlimited, headers, 1, (name, value) => res.setHeader(name, value))
      .then(async ({ user }) => {
        if (!user) throw new Error("no user");
        res.json(await listAccounts(unlimited, user));
      })
      .catch(next);
  });
  const remix = path.join(root, "build/server/index.js");
  const build = (await import(pathToFileURL(remix).href)) as ServerBuild;
  const ours = createHttp(unlimited, build, new AbortController().signal);
  const servers = [bare.listen(0), ours.listen(0)] as const;
  const [bareUrl, ourUrl] = servers.map(
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  const time = async (url: string) => {
    const started = performance.now();
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
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
  const [bareMs, ourMs] = [median(times[0]), median(times[1])];
  return `accounts.list over tRPC, against the same over bare Express: ${ourMs.toFixed(2)} ms / ${bareMs.toFixed(2)} ms = ${(ourMs / bareMs).toFixed(2)}x (goal <= 1.3x, median of ${rounds})`;
}
