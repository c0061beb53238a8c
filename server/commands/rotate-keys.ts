import { parseEnvelopeFormat, parseTokenKeys } from "../config.ts";
import { timeLimits } from "../time-limits.ts";
import { rotateKeys } from "../vault/rotate-keys.ts";
import { Vault } from "../vault/vault.ts";
import { runCommand, withDatabase } from "./command.ts";

/**
 * `npm run keys:rotate`: re-encrypts every token in the database of DATABASE_URL with the first key of
 * TOKEN_KEYS, in the format of TOKEN_ENVELOPES, while the servers run. They must already use the same ring,
 * which takes two restarts (docs/runbooks/key-leak.md), so that they can decrypt what is encrypted with the
 * new key. If it is interrupted, run it again: it continues.
 */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  const { TOKEN_KEYS: keys } = env;
  if (!keys)
    throw new Error("Set TOKEN_KEYS to the ring that the servers run with, the new key first.");
  const ring = parseTokenKeys(keys);
  const vault = new Vault(ring, parseEnvelopeFormat(env.TOKEN_ENVELOPES));
  return withDatabase(
    env,
    async (db) => {
      const { keyId, resealed, left } = await rotateKeys(db, vault, say);
      const done = `${resealed} rows are now encrypted with ${keyId}.`;
      if (left > 0) throw new Error(`${done} ${left} are not yet: run this again.`);
      const old = [...ring.keys()].filter((id) => id !== keyId);
      return old.length === 0
        ? `${done} There is no other key.`
        : `${done} No row needs ${old.join(", ")} any more. Drop ${old.length > 1 ? "them" : "it"} from TOKEN_KEYS when every server and worker has run with ${keyId} first for a minute, and this command has said 0 rows since.`;
    },
    timeLimits.rotation,
  );
}

const say = (line: string) => process.stdout.write(`${line}\n`);

runCommand(main(process.env));
