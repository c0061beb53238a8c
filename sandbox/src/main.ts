#!/usr/bin/env node
/** The command: one sandbox until Ctrl-C. */
import { parseArgs } from "node:util";
import { settingsFromTexts } from "./control/settings.ts";
import { type SandboxOptions, startSandbox } from "./index.ts";
import { isLoopback } from "./reach.ts";

const DEFAULT_PORT = 3001;
const DEFAULT_DATA = ".local/plaid-sandbox.json";
const USAGE = `plaid-sandbox: a local Plaid for development and tests

  --port 3001              the port, also by SANDBOX_PORT
  --data FILE              where the state is kept; default ${DEFAULT_DATA}
  --memory                 keep the state in memory only
  --seed 7                 the same banks, users, amounts, dates and ids in every run
  --start-date 2026-06-15  the sandbox's first day, or "today"; default: today, or a seed's own day
  --rate-limits            answer 429 above Plaid's Production limits
  --latency 0              milliseconds added to every API response
  --set full_history=true  any setting; may be repeated

Beyond this machine:
  --host 0.0.0.0                       listen there; other machines can then use and control it
  --public-url http://localhost:3001   where browsers find it
  --webhook-host backend:8080          a host that webhooks may go to; may be repeated
  --page-origin https://app.test       an origin whose pages may open Link; may be repeated
`;

/** The options of the command line; null when it asks for help. Throws TypeError. */
function readOptions(): SandboxOptions | null {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false, short: "h" },
      port: { type: "string" },
      data: { type: "string", default: DEFAULT_DATA },
      memory: { type: "boolean", default: false },
      seed: { type: "string" },
      "start-date": { type: "string" },
      "rate-limits": { type: "boolean", default: false },
      latency: { type: "string", default: "0" },
      set: { type: "string", multiple: true, default: [] },
      host: { type: "string", default: "localhost" },
      "public-url": { type: "string" },
      "webhook-host": { type: "string", multiple: true, default: [] },
      "page-origin": { type: "string", multiple: true, default: [] },
    },
  });
  if (values.help) return null;
  const { SANDBOX_PORT } = process.env;
  const port =
    values.port === undefined && SANDBOX_PORT
      ? wholeNumber("SANDBOX_PORT", SANDBOX_PORT)
      : wholeNumber("--port", values.port ?? String(DEFAULT_PORT));
  return {
    host: values.host,
    port,
    latencyMs: wholeNumber("--latency", values.latency),
    rateLimits: values["rate-limits"],
    ...settingsFromTexts(values.set),
    webhookHosts: values["webhook-host"],
    pageOrigins: values["page-origin"],
    publicUrl: values["public-url"],
    startDate: values["start-date"],
    dataFile: values.memory ? undefined : values.data,
    seed: values.seed === undefined ? undefined : wholeNumber("--seed", values.seed),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) {
    throw new TypeError(`${name} must be a whole number, got "${text}"`);
  }
  return Number(text);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: SandboxOptions): Promise<void> {
  const sandbox = await startSandbox(options);
  const { host = "localhost", dataFile = "in memory" } = options;
  say(`Local stand-in for Plaid on ${sandbox.url}`);
  say(`State: ${dataFile}. Any client id and secret will do. Ctrl-C stops it.`);
  if (!isLoopback(host)) say(`Everyone who reaches ${host} can use and control it.`);
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void sandbox.close().then(() => process.exit(0));
    });
  }
}

try {
  const options = readOptions();
  if (options === null) say(USAGE);
  else await run(options);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice =
    code === "EADDRINUSE"
      ? "The port is taken. Choose another with --port."
      : "See plaid-sandbox --help.";
  process.stderr.write(`${message}\n${advice}\n`);
  process.exitCode = 1;
}
