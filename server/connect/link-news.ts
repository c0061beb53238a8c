import { readLinkNews, requestLinkChecks } from "../../db/link-tokens.ts";
import type { LinkNews } from "../contracts/link-news.ts";
import type { Services } from "../services.ts";

/**
 * Returns the user's Links that ended without their tab and were not shown yet. The user has just returned,
 * so a job now checks the other Links at Plaid; the page does not wait for it.
 */
export async function listLinkNews(
  { db }: Pick<Services, "db">,
  user: { id: string },
): Promise<LinkNews[]> {
  const { news, hasOpen } = await readLinkNews(db, user.id);
  if (hasOpen) await requestLinkChecks(db, user.id);
  return news;
}
