import { findItemState } from "../../db/items.ts";
import { findAttempt } from "../../db/link-attempts.ts";
import {
  deleteRefusedToken,
  listRefusedTokens,
  type RefusedToken,
} from "../../db/refused-tokens.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { checkItem } from "../items/check-item.ts";
import type { Services } from "../services.ts";
import { removeAtPlaid } from "./remove-item.ts";

/** How many refused tokens one run checks. */
export const maxRefusedTokens = 10_000;

/** The result for one refused token. `kept`: it was not refused for long enough, or other keys made it. */
export type RefusedTokenResult = "ended" | "kept" | "works" | "failed";

/**
 * For an operator who has verified our Plaid keys: checks each refused token again and accepts Plaid's
 * response even if many tokens are refused at once. The other guards of `items/refused-token.ts` still apply.
 *
 * @param report is called with each token and its verdict
 */
export async function believeRefusedTokens(
  services: Services,
  report: (token: RefusedToken, verdict: RefusedTokenResult) => void,
): Promise<void> {
  // A burst window of zero turns off the guard against many refusals at once.
  const withoutBurstGuard = { ...services, limits: { ...services.limits, refusedTokenBurst: 0 } };
  for (const token of await listRefusedTokens(services.db, maxRefusedTokens)) {
    const verdict = await (token.heldBy === "live" ? check : remove)(
      withoutBurstGuard,
      token,
    ).catch((error: unknown): RefusedTokenResult => {
      services.log.warn({ event: "token_check", token, err: error }, "Token not checked");
      return "failed";
    });
    // An Item that has ended no longer counts towards a burst.
    if (verdict === "ended") await deleteRefusedToken(services.db, token.plaidItemId);
    report(token, verdict);
  }
}

async function check(
  services: Services,
  { userId, id }: RefusedToken,
): Promise<RefusedTokenResult> {
  const status = await checkItem(services, { userId, itemId: id }, services.log);
  if (status === "revoked" || status === null) return "ended";
  const { problem } = (await findItemState(services.db, userId, id)) ?? {};
  return problem?.kind === "wait" ? "kept" : "works";
}

async function remove(
  services: Services,
  { userId, id }: RefusedToken,
): Promise<RefusedTokenResult> {
  const { db, vault, log } = services;
  const attempt = await findAttempt(db, userId, id);
  const sealed = attempt?.access_token_sealed;
  if (!attempt || !sealed) return "ended";
  const open = () => vault.open(sealed, accessTokenOwner(userId, id));
  return (await removeAtPlaid(services, attempt, open, log)) ? "ended" : "kept";
}
