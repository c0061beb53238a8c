import fc from "fast-check";

/** Repeats each run's random choices. `SEED` tries others. Tests that name a seed keep theirs. */
export const seed = Number(process.env.SEED ?? 20_261_201);

fc.configureGlobal({ seed });
