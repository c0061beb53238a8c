import { createHash } from "node:crypto";

/** The random choices of one part of the run: the same for the same seed and name, whatever else happens. */
export interface Choices {
  random(): number;
  pick<T>(values: readonly T[]): T;
}

export function choices(seed: number, name: string): Choices {
  const random = seeded(createHash("sha256").update(`${seed} ${name}`).digest().readUInt32LE());
  return {
    random,
    pick: <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T,
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
