import { parseArgs } from "node:util";
import { findUserOverview, type UserOverview } from "../../db/disabled-users.ts";
import { listSecurityEvents } from "../../db/security-events.ts";
import type { SecurityEvent } from "../contracts/security-events.ts";
import { createLog } from "../telemetry/log.ts";
import { type OperatorCommand, operateUser } from "../users/operate-user.ts";
import { runCommand, withDatabase } from "./command.ts";

const usage = `Usage, with DATABASE_URL set to the database (unset: the one that npm start runs):
  npm run user -- show <email>
  npm run user -- disable|enable|end-sessions|reset-factor <email> --reason <text>
The reason is stored. The user reads it on their Security page, and gets a mail without it.`;

const commands: readonly string[] = ["disable", "enable", "end-sessions", "reset-factor"];
/** Characters of a reason: a sentence or two, with a ticket number. */
const maxReason = 500;
/** The number of events that `show` prints. */
const shown = 10;

/** `npm run user`: shows a user, and runs the actions that only an operator may run. */
async function main(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { reason: { type: "string" } },
  });
  const [command, email] = positionals;
  const reason = values.reason?.trim();
  if (!command || !email || ![...commands, "show"].includes(command)) throw new Error(usage);
  if (command !== "show" && (!reason || reason.length > maxReason)) throw new Error(usage);
  return withDatabase(env, async (db) => {
    const user = await findUserOverview(db, email);
    if (!user) throw new Error(`No user has the email ${email}.`);
    if (command === "show" || !reason) {
      return describe(user, await listSecurityEvents(db, user.id, { limit: shown }));
    }
    const said = await operateUser(db, user, command as OperatorCommand, reason);
    // For operators whose terminals are recorded, and commands that run as jobs, this line is the audit log.
    const log = createLog("info", { write: (line) => process.stderr.write(line) });
    log.info({ event: "operator", command, userId: user.id, reason }, said);
    return said;
  });
}

function describe(user: UserOverview, events: readonly SecurityEvent[]): string {
  const { email, name, id, emailVerified, plan, createdAt, disabledAt } = user;
  const lines = [
    `${name} <${email}>, ${id}`,
    `since ${day(createdAt)}, on ${plan}, email ${emailVerified ? "confirmed" : "not confirmed"}`,
    disabledAt ? `disabled since ${day(disabledAt)}` : "enabled",
    `${user.banks} banks, ${user.sessions} sessions, ${user.apiKeys} API keys`,
    `second factor: ${factorsOf(user)}`,
    ...events.map(({ at, kind, details }) => {
      const { reason } = details;
      return `${at.slice(0, 16)}  ${kind}${reason ? `  ${reason}` : ""}`;
    }),
  ];
  return lines.join("\n");
}

function factorsOf({ hasAuthenticator, passkeys, backupCodesLeft }: UserOverview): string {
  if (!hasAuthenticator && passkeys === 0) return "none";
  const app = hasAuthenticator ? ["authenticator app"] : [];
  const keys = passkeys > 0 ? [`passkeys: ${passkeys}`] : [];
  return [...app, ...keys, `backup codes left: ${backupCodesLeft}`].join(", ");
}

const day = (at: Date) => at.toISOString().slice(0, 10);

runCommand(main(process.argv.slice(2), process.env));
