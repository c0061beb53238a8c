import { linkEventInput, linkEventOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const plaidRecordLinkEvent = procedure({
  summary: "Logs an event that Link reported to the page, for analytics.",
  scope: "connections:write",
  rest: "POST /link-events",
})
  .input(linkEventInput)
  .output(linkEventOutput)
  .mutation(({ ctx, input }) => {
    ctx.request.log.info({ event: "link_event", userId: ctx.user.id, ...input }, "Link event");
    return { recorded: true as const };
  });
