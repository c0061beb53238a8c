import { listActivity } from "../../db/account-activity.ts";
import { activityListOutput } from "../contracts/activity.ts";
import { procedure, router } from "./trpc.ts";

/** Entries a person is shown at most. */
const shown = 100;

export const activityRouter = router({
  /** The newest 100 entries of the user's history, newest first. */
  list: procedure({
    summary: "The newest 100 entries of the history of connections, newest first.",
    scope: "activity:read",
    rest: "GET /activity",
  })
    .output(activityListOutput)
    .query(async ({ ctx }) => ({
      entries: await listActivity(ctx.services.db, ctx.user.id, shown),
    })),
});
