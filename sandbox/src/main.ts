#!/usr/bin/env -S node --import tsx
/** `npm start -w sandbox`: one sandbox until Ctrl-C. */
import { parseArgs } from "node:util";
import { settingsFromTexts } from "./control/settings.ts";
import { type SandboxOptions, startSandbox } from "./index.ts";

const USAGE = `plaid-sandbox [--port 3001] [--data .local/plaid-sandbox.json | --memory] [--seed 7]
              [--rate-limits] [--latency 0] [--set full_history=true ...]`;
const DEFAULT_PORT = 3001;
const DEFAULT_DATA = ".local/plaid-sandbox.json";

function readOptions(): SandboxOptions {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: process.env.SANDBOX_PORT ?? String(DEFAULT_PORT) },
      data: { type: "string", default: DEFAULT_DATA },
      memory: { type: "boolean", default: false },
      seed: { type: "string" },
      "rate-limits": { type: "boolean", default: false },
      latency: { type: "string", default: "0" },
      set: { type: "string", multiple: true, default: [] },
    },
  });
  return {
    host: "localhost",
    port: wholeNumber("--port", values.port, 65_535),
    latencyMs: wholeNumber("--latency", values.latency, 600_000),
    rateLimits: values["rate-limits"],
    ...settingsFromTexts(values.set),
    ...(values.memory ? {} : { dataFile: values.data }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber("--seed", values.seed, 2 ** 31) }),
  };
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0 || value > most) {
    throw new TypeError(`${name} must be a whole number from 0 to ${most}, got "${text}"`);
  }
  return value;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const options = readOptions();
  const sandbox = await startSandbox(options);
  say(`Local stand-in for Plaid on ${sandbox.url}`);
  say(
    `State: ${options.dataFile ?? "in memory"}. Any client id and secret will do. Ctrl-C stops it.`,
  );
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void sandbox.close().then(() => process.exit(0));
    });
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const taken = code === "EADDRINUSE" ? "The port is taken. Choose another with --port." : "";
  process.stderr.write(`${message}\n${taken || USAGE}\n`);
  process.exitCode = 1;
}
