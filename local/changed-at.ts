import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/** Returns when a file below `folder` whose name passes `counts` last changed, in milliseconds since 1970. */
export const changedAt = (folder: string, counts: (name: string) => boolean = () => true): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(counts)
      .map((name) => statSync(path.join(folder, name)).mtimeMs),
  );
