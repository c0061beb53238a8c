import { listRefusedTokens, type RefusedToken } from "../../db/refused-tokens.ts";
import { parseConfig } from "../config.ts";
import { believeRefusedTokens, maxRefusedTokens } from "../connect/believe-refused-tokens.ts";
import { createServices } from "../services.ts";
import { runCommand } from "./command.ts";

/**
 * `npm run refused-tokens`: lists the access tokens that Plaid does not know, in the environment of a worker.
 * `-- --believe` tries each again and accepts Plaid's response: an Item that has been refused for ten minutes
 * with today's keys ends, and its removal counts as done. docs/runbooks/tokens-refused.md
 */
async function main([option]: string[], env: NodeJS.ProcessEnv): Promise<string> {
  if (option !== undefined && option !== "--believe") {
    throw new Error("Usage: npm run refused-tokens [-- --believe]");
  }
  const { services, close } = createServices(parseConfig(env), { destination: process.stderr });
  try {
    const lines: string[] = [];
    const say = (token: RefusedToken, ...more: string[]) =>
      lines.push([...lineOf(token), ...more].join("  "));
    if (option === "--believe") await believeRefusedTokens(services, say);
    else {
      for (const token of await listRefusedTokens(services.db, maxRefusedTokens)) say(token);
    }
    return lines.length === 0 ? "Plaid refuses no token." : lines.join("\n");
  } finally {
    await close();
  }
}

const lineOf = ({ firstAt, heldBy, id, userId, plaidItemId }: RefusedToken) => [
  firstAt.toISOString(),
  heldBy,
  `${heldBy === "live" ? "bank" : "attempt"} ${id}`,
  `user ${userId}`,
  `Item ${plaidItemId}`,
];

runCommand(main(process.argv.slice(2), process.env));
