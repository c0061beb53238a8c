import { listActivity } from "../../../db/account-activity.ts";
import { activityListOutput } from "../../contracts/activity.ts";
import { procedure } from "../trpc.ts";

/** The maximum number of entries. */
const shown = 100;

export const activityList = procedure({
  summary: "The newest 100 entries of the history of connections, newest first.",
  scope: "activity:read",
  rest: "GET /activity",
})
  .output(activityListOutput)
  .query(async ({ ctx }) => ({
    entries: await listActivity(ctx.services.db, ctx.user.id, shown),
  }));
