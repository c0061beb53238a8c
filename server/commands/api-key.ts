import { parseArgs } from "node:util";
import type { Db } from "../../db/client.ts";
import { findUserId } from "../../db/users.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "../auth/api-keys.ts";
import { createApiKeyInput, scope } from "../contracts/api-keys.ts";
import { withDatabase } from "./command.ts";

const usage = `Usage, with DATABASE_URL set to the database (unset: the one that npm start runs):
  npm run api-key -- create <email> [--scopes <scope,…>] [--name <name>] [--days <n>]
  npm run api-key -- list <email>
  npm run api-key -- revoke <email> <id>
  npm run api-key -- --help
The local demo user is demo@fiscility.test. A key lives 90 days unless told otherwise, a year at most.
It has all scopes unless told otherwise: ${scope.options.join(", ")}.`;

/**
 * `npm run api-key`: creates, lists and revokes a user's API keys. Only the new key is written to stdout, so
 * that a script can read it; messages go to stderr.
 */
async function main(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      scopes: { type: "string", default: "all" },
      name: { type: "string", default: "Command line" },
      days: { type: "string", default: "90" },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const [command, email, id] = positionals;
  if (!command || !email) throw new Error(usage);
  return withDatabase(env, async (db) => {
    const userId = await findUserId(db, email);
    if (!userId) throw new Error(`No user has the email ${email}.`);
    if (command === "create") await create(db, userId, values);
    else if (command === "list") await list(db, userId);
    else if (command === "revoke" && id) {
      const { name } = await revokeApiKey(
        db,
        userId,
        id.replace(/^fsk_/, "").split("_")[0] ?? "",
        null,
      );
      say(`Revoked ${name}. Programs that use it get api_key_revoked from now on.`);
    } else throw new Error(usage);
  });
}

async function create(
  db: Db,
  userId: string,
  options: { scopes: string; name: string; days: string },
) {
  const { scopes } = options;
  const input = createApiKeyInput.safeParse({
    name: options.name,
    scopes: scopes === "all" ? scope.options : scopes.split(","),
    expiresInDays: Number(options.days),
  });
  if (!input.success) {
    const [issue] = input.error.issues;
    throw new Error(`${issue?.path.join(".")}: ${issue?.message}\n\n${usage}`);
  }
  const { apiKey, key } = await createApiKey(db, userId, input.data);
  process.stdout.write(`${key}\n`);
  const until = apiKey.expiresAt ? `until ${apiKey.expiresAt.slice(0, 10)}` : "for good";
  say(`${apiKey.name} may ${apiKey.scopes.join(", ")} ${until}. It is not shown again.`);
}

async function list(db: Db, userId: string) {
  const keys = await listApiKeys(db, userId);
  if (keys.length === 0) say("No API keys.");
  for (const { id, name, status, scopes, expiresAt, lastUsedAt } of keys) {
    const expires = expiresAt?.slice(0, 10) ?? "never";
    const used = lastUsedAt?.slice(0, 16) ?? "never";
    process.stdout.write(
      `${id}  ${status.padEnd(7)}  expires ${expires}  used ${used}  ${scopes.join(",")}  ${name}\n`,
    );
  }
}

const say = (line: string) => process.stderr.write(`${line}\n`);

main(process.argv.slice(2), process.env).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
