import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/** When anything below `folder` was last changed, in milliseconds since 1970. */
export const changedAt = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
      (name) => statSync(path.join(folder, name)).mtimeMs,
    ),
  );
