import { addActivity } from "../../db/account-activity.ts";
import { deleteItems, findItem } from "../../db/items.ts";
import { disconnectAttempts } from "../../db/link-attempts.ts";
import { queueMail } from "../../db/mails.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { DisconnectInput, DisconnectOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { disconnectPhrase } from "../contracts/phrases.ts";
import { requirePhrase } from "../contracts/require-phrase.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { StepTimes } from "../telemetry/step-times.ts";
import { disconnected, transitions } from "./attempt.ts";
import { removeAtPlaid } from "./remove-item.ts";

/**
 * Takes one bank away: the Item with all that came from it is deleted here, then removed at Plaid.
 * In one transaction its token goes back to the attempt that made it, as `removing`: if Plaid does
 * not say that it is done at once, the recovery asks until it does (I1). The public_token that made
 * the Item is `public_token_invalid` from now on. Errors: `not_found`, `confirmation_mismatch`, `busy`.
 */
export async function disconnectItem(
  services: Services,
  user: { id: string },
  { itemId, confirmation }: DisconnectInput,
  log: Log,
): Promise<DisconnectOutput> {
  const { connectDb, connectGate, vault, onStep } = services;
  const userId = user.id;
  const times = new StepTimes(onStep);
  // In the same line as connections, which may hold the lock for as long as Plaid takes.
  const { item, attempt } = await connectGate.run(userId, () =>
    connectDb.transaction().execute(async (tx) => {
      await lockUser(tx, userId);
      times.done("lock");
      const item = await findItem(tx, userId, itemId);
      if (!item) throw new FiscilityError("not_found");
      const { institution, accounts } = item;
      requirePhrase(confirmation, disconnectPhrase(institution.name));
      const [attempt] = await disconnectAttempts(
        tx,
        userId,
        transitions.disconnect,
        disconnected,
        itemId,
      );
      if (!attempt) throw new Error("the Item has no attempt to keep its token");
      await deleteItems(tx, userId, itemId);
      await addActivity(tx, {
        user_id: userId,
        attempt_id: itemId,
        kind: "disconnected",
        institution_id: institution.id,
        institution_name: institution.name,
        account_count: accounts.length,
      });
      const details = { bank: institution.name };
      await queueMail(tx, { userId, kind: "bank_disconnected", details });
      await raiseDataVersion(tx, userId);
      times.done("delete");
      return { item, attempt };
    }),
  );
  times.done("commit");
  await invalidateCache(services, { userId }, log);
  times.done("cache");
  const { access_token_sealed: sealed } = attempt;
  const removal = await removeAtPlaid(
    services,
    attempt,
    () => vault.open(sealed, accessTokenOwner(userId, itemId)),
    log,
  );
  times.done("removal");
  log.info(
    {
      event: "connection",
      outcome: "disconnected",
      userId,
      itemId,
      institutionId: item.institution.id,
      accounts: item.accounts.length,
      itemAtPlaid: removal ? "removed" : "to be removed",
      plaidRequestId: removal?.requestId,
      ms: times.ms,
    },
    "Bank disconnected",
  );
  const { id, institution, accounts } = item;
  return { item: { id, institution }, accountCount: accounts.length };
}
