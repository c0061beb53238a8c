import { parseArgs } from "node:util";
import type { Db } from "../../db/client.ts";
import { findUserId } from "../../db/users.ts";
import { parseEnvelopeFormat, parseTokenKeys } from "../config.ts";
import { createWebhookInput, type WebhookDelivery } from "../contracts/webhook-endpoints.ts";
import { webhookEventTypes } from "../contracts/webhook-event-types.ts";
import {
  listDeliveries,
  redeliver,
  sendTestEvent,
} from "../outgoing-webhooks/webhook-deliveries.ts";
import {
  createWebhook,
  deleteWebhook,
  enableWebhook,
  listWebhooks,
  replaceSecret,
} from "../outgoing-webhooks/webhook-endpoints.ts";
import { timeLimits } from "../time-limits.ts";
import { Vault } from "../vault/vault.ts";
import { withDatabase } from "./command.ts";

const usage = `Usage, with DATABASE_URL and TOKEN_KEYS as the servers have them (unset: those of npm start):
  npm run webhooks -- add <email> <url> [--events <event,…>]
  npm run webhooks -- list <email>
  npm run webhooks -- log <email> <id>
  npm run webhooks -- redeliver <email> <delivery id>
  npm run webhooks -- test <email> <id>
  npm run webhooks -- enable <email> <id>
  npm run webhooks -- secret <email> <id>
  npm run webhooks -- remove <email> <id>
  npm run webhooks -- --help
The local demo user is demo@fiscility.test. A webhook gets all events unless told otherwise:
${webhookEventTypes.join(", ")}.`;

/**
 * `npm run webhooks`: adds, lists and removes a user's webhooks, and shows what was sent. Only a secret is
 * written to stdout, so that a script can read it; messages go to stderr.
 */
async function main(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      events: { type: "string", default: webhookEventTypes.join(",") },
    },
  });
  if (values.help) return print(usage);
  const [command, email, what = ""] = positionals;
  const act = command === undefined ? undefined : acts[command];
  if (!act || !email) throw new Error(usage);
  return withDatabase(env, async (db) => {
    const userId = await findUserId(db, email);
    if (!userId) throw new Error(`No user has the email ${email}.`);
    await act({ db, env }, userId, what, values.events.split(","));
  });
}

type Act = (
  needs: { db: Db; env: NodeJS.ProcessEnv },
  userId: string,
  what: string,
  events: string[],
) => Promise<void>;

const acts: Record<string, Act> = {
  async add({ db, env }, userId, url, events) {
    const input = createWebhookInput.safeParse({ url, events });
    if (!input.success) {
      const [issue] = input.error.issues;
      throw new Error(`${issue?.path.join(".")}: ${issue?.message}\n\n${usage}`);
    }
    const { webhook, secret } = await createWebhook(needsOf(db, env), userId, input.data);
    print(secret);
    say(`${webhook.id} gets ${webhook.events.join(", ")}. Its secret is not shown again.`);
  },
  async list({ db }, userId) {
    const webhooks = await listWebhooks(db, userId);
    if (webhooks.length === 0) say("No webhooks.");
    for (const { id, url, events, last, disabled } of webhooks) {
      const status = disabled ? "disabled" : (last ?? "never sent");
      print(`${id}  ${status.padEnd(10)}  ${url}  ${events.join(",")}`);
    }
  },
  async log({ db }, userId, id) {
    const deliveries = await listDeliveries(db, userId, id);
    if (deliveries.length === 0) say("Nothing was sent yet.");
    for (const delivery of deliveries) print(lineOf(delivery));
  },
  async redeliver({ db }, userId, id) {
    const { event } = await redeliver(db, userId, id);
    say(`${event} is sent again within seconds, if a worker runs.`);
  },
  async test({ db }, userId, id) {
    const { id: deliveryId, event } = await sendTestEvent(db, userId, id);
    say(`${event} is sent within seconds, if a worker runs, as delivery ${deliveryId}.`);
  },
  async enable({ db }, userId, id) {
    const { url } = await enableWebhook(db, userId, id);
    say(`Events are sent to ${url} again.`);
  },
  async secret({ db, env }, userId, id) {
    const { secret, webhook } = await replaceSecret(needsOf(db, env), userId, id);
    print(secret);
    say(`The previous secret also signs until ${webhook.oldSecretUntil}.`);
  },
  async remove({ db }, userId, id) {
    const { url } = await deleteWebhook(db, userId, id);
    say(`Removed ${url}. Nothing more is sent to it.`);
  },
};

function needsOf(db: Db, env: NodeJS.ProcessEnv) {
  const { TOKEN_KEYS: keys, TOKEN_ENVELOPES: format } = env;
  if (!keys) throw new Error("Set TOKEN_KEYS to the ring that the servers run with.");
  return {
    db,
    config: { localWebhooks: env.NODE_ENV !== "production" },
    limits: timeLimits,
    vault: new Vault(parseTokenKeys(keys), parseEnvelopeFormat(format)),
  };
}

function lineOf({ id, event, status, attempts, httpStatus, error, createdAt }: WebhookDelivery) {
  const response = httpStatus === null ? (error ?? "not sent") : `HTTP ${httpStatus}`;
  const when = createdAt.slice(0, 19);
  return `${id}  ${when}  ${status.padEnd(9)}  sent ${attempts}  ${response}  ${event}`;
}

const print = (line: string) => void process.stdout.write(`${line}\n`);
const say = (line: string) => void process.stderr.write(`${line}\n`);

main(process.argv.slice(2), process.env).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
