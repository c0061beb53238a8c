import { measure } from "../../sandbox/measure.ts";
import { amount, type Figure } from "./figure.ts";

/** Measures the local Plaid with its own benchmark. */
export async function* benchSandbox(): AsyncGenerator<Figure> {
  for await (const { name, unit, values, goal } of measure()) {
    const about = { name: `local Plaid: ${name}`, goal } as const;
    yield amount(about, values, unit);
  }
}
