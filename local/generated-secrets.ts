import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const secrets = z.object({
  tokenKeys: z.string(),
  sessionSecret: z.string(),
  databasePassword: z.string(),
});

/** Returns the secrets of this checkout, generated once and stored in a file that only its owner can read. */
export function generatedSecrets(folder: string): z.infer<typeof secrets> {
  const file = path.join(folder, "secrets.json");
  try {
    return secrets.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = {
    tokenKeys: `local:${randomBytes(32).toString("base64")}`,
    sessionSecret: randomBytes(32).toString("base64url"),
    databasePassword: randomBytes(16).toString("hex"),
  };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}
