import { lookAtLinks, readLinkNews } from "../../db/link-tokens.ts";
import type { LinkNews } from "../contracts/link-news.ts";
import type { Services } from "../services.ts";

/**
 * Links of the user that ended without their tab and that they have not been told yet. As the user is back
 * with that, Plaid is asked about the others now, by a job: the page does not wait for it.
 */
export async function readNews(
  { db }: Pick<Services, "db">,
  user: { id: string },
): Promise<LinkNews[]> {
  const { news, hasOpen } = await readLinkNews(db, user.id);
  if (hasOpen) await lookAtLinks(db, user.id);
  return news;
}
