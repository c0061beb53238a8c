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
 * Disconnects one bank: deletes the Item with all its data here, then removes it at Plaid. The deleting
 * transaction moves its token back to its attempt, as `removing`. If Plaid does not confirm the removal at
 * once, the recovery retries until it does (I1). From now on the Item's public_token is
 * `public_token_invalid`.
 *
 * @throws FiscilityError `not_found`, `confirmation_mismatch`, `busy`
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
  // Through the gate of connections, which may hold the user's lock for as long as a call to Plaid lasts.
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
