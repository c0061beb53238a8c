import { findFollowedLink } from "../../db/followed-links.ts";
import type { ConnectionsGetOutput } from "../contracts/connections.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { linkStateOf } from "./link-state.ts";

/**
 * Returns the state of a Link of this user.
 *
 * @throws FiscilityError `not_found` for a Link of another user, or one that ended 30 days ago
 */
export async function getConnection(
  { db }: Pick<Services, "db">,
  user: { id: string },
  { id }: { id: string },
): Promise<ConnectionsGetOutput> {
  const link = await findFollowedLink(db, user.id, id);
  if (!link) throw new FiscilityError("not_found");
  const { at, reason } = linkStateOf(link);
  const isConnected = at === "connected" && link.liveItemId !== null;
  return {
    id,
    status: at === "connected" && !isConnected ? "ended" : at,
    itemId: isConnected ? link.liveItemId : null,
    institutionName: link.bank,
    reason,
  };
}
