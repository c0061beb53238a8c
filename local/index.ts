import { mkdirSync } from "node:fs";
import path from "node:path";
import { startSandbox } from "@fiscility/plaid-sandbox";
import { markVerified } from "../db/sign-ups.ts";
import { hasUser } from "../db/users.ts";
import { isThisMachine } from "../server/config/host-address.ts";
import type { Services } from "../server/services.ts";
import { startEmbeddedDatabase } from "./embedded-database.ts";
import { lockFolder } from "./folder-lock.ts";
import { generatedSecrets } from "./generated-secrets.ts";
import { startMailbox } from "./mailbox/start-mailbox.ts";
import { requireFreePort } from "./ports.ts";

/** The services that the environment does not name, started on this machine. */
export interface Local {
  /** The given environment with the missing variables filled in. */
  env: Record<string, string | undefined>;
  /** Creates the demo user if the database is ours. Returns the lines to print. */
  ready(services: Services): Promise<string[]>;
  close(): Promise<void>;
}

const demo = { name: "Demo", email: "demo@fiscility.test", password: "demo-password" };

/**
 * Starts whatever is missing, each independently: PostgreSQL from npm, the Plaid sandbox, a mailbox, secrets.
 * State is stored in `folder`, by default `.local` in the working directory.
 *
 * @throws StartRefused for a taken port or a second start
 */
export async function startLocal(
  given: Record<string, string | undefined>,
  { folder = path.resolve(".local") } = {},
): Promise<Local> {
  const env: Local["env"] = { ...given };
  const port = Number(env.PORT ?? 3000);
  const sandboxPort = Number(env.SANDBOX_PORT ?? 3001);
  const mailPort = Number(env.MAIL_PORT ?? 3002);
  const needsSandbox = !env.PLAID_CLIENT_ID && !env.PLAID_SECRET;
  const needsMailbox = !env.SMTP_URL;

  await requireFreePort(port, "PORT");
  if (needsSandbox) await requireFreePort(sandboxPort, "SANDBOX_PORT");
  if (needsMailbox) await requireFreePort(mailPort, "MAIL_PORT");
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(folder);
  const closers: (() => unknown)[] = [() => lock.release()];
  /** Closes all of them, also when one fails. Rejects with the first error. */
  const close = async () => {
    const errors: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };

  try {
    const secrets = generatedSecrets(folder);
    env.TOKEN_KEYS ||= secrets.tokenKeys;
    env.SESSION_SECRET ||= secrets.sessionSecret;
    env.PORT = String(port);
    env.APP_URL ||= `http://localhost:${port}`;

    const ownDatabase = !env.DATABASE_URL;
    if (ownDatabase) {
      const database = await startEmbeddedDatabase(
        path.join(folder, "postgres"),
        secrets.databasePassword,
      );
      closers.push(() => database.stop());
      await database.create("fiscility");
      env.DATABASE_URL = database.urlOf("fiscility");
    }
    if (needsSandbox) {
      const sandbox = await startSandbox({
        port: sandboxPort,
        dataFile: path.join(folder, "sandbox.json"),
        // A demo shows its whole history at once, and still works when it is opened a month later.
        historicalPullMs: 0,
        transactionsReadyMs: 0,
        logInsLast: true,
      });
      closers.push(() => sandbox.close());
      env.PLAID_CLIENT_ID = "local-client-id";
      env.PLAID_SECRET = "local-plaid-key";
      env.PLAID_ENV = "sandbox";
      env.PLAID_BASE_URL = `http://localhost:${sandbox.port}`;
    }
    let mailboxUrl: string | undefined;
    if (needsMailbox) {
      const mailbox = await startMailbox({ port: mailPort });
      closers.push(() => mailbox.close());
      env.SMTP_URL = mailbox.smtpUrl;
      mailboxUrl = mailbox.url;
    }
    return {
      env,
      close,
      async ready(services) {
        const lines = [`Fiscility is at ${env.APP_URL}`];
        if (ownDatabase) {
          await makeDemoUser(services);
          lines.push(`Log in as      ${demo.email} / ${demo.password}`);
          if (env.HOST && !isThisMachine(env.HOST))
            lines.push(
              `Careful        Anybody who reaches ${env.HOST} can log in as the demo user`,
            );
          lines.push(`Database at    ${env.DATABASE_URL}`);
        }
        if (mailboxUrl) lines.push(`Mailbox at     ${mailboxUrl} (mail stays on this machine)`);
        if (needsSandbox) lines.push(`Local Plaid at ${env.PLAID_BASE_URL} (no real bank)`);
        lines.push("Stop with      Ctrl-C");
        return lines;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Created on the first start; later starts find it. */
async function makeDemoUser({ auth, db }: Services): Promise<void> {
  // A demo user of a version before mail has not confirmed its address.
  if (await hasUser(db, demo.email)) return markVerified(db, demo.email);
  await auth.createUser({ ...demo, plan: "analyst" });
}
