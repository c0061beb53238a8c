import { type ExportOutput, exportOutput } from "../../contracts/account.ts";
import { beginExport, exportData } from "../../users/export-data.ts";
import { StreamedOutput } from "../streamed-output.ts";
import { procedure } from "../trpc.ts";

// Sessions only: a key must not be able to take everything away.
export const accountExportData = procedure({
  summary: "Everything that is kept of the person: who they are, their banks, their history.",
  scope: "session",
  stepUp: true,
  rest: "GET /account/export",
  streamed: exportOutput,
  reasons: ["export_running"],
}).query(async ({ ctx }) => {
  await beginExport(ctx.services, ctx.user, ctx.request);
  const { rest, transactions } = await exportData(ctx.services, ctx.user);
  // Both transports write it as `ExportOutput`.
  const output: unknown = new StreamedOutput(rest, "transactions", transactions);
  return output as ExportOutput;
});
