import { measure } from "./measure.ts";

/** `npm run bench -w sandbox`: the sandbox's own numbers. */
for await (const { name, unit, values, goal } of measure()) {
  const value = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const wanted = "atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
  process.stdout.write(`${name.padEnd(56)}${Math.round(value)} ${unit}, goal ${wanted}\n`);
}
