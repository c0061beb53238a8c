import { type ExportOutput, exportOutput } from "../../contracts/account.ts";
import { transaction } from "../../contracts/transactions.ts";
import { beginExport, type DataExport, exportData } from "../../users/export-data.ts";
import { StreamedOutput } from "../streamed-output.ts";
import { procedure } from "../trpc.ts";

/** The form that every transport and the page write. */
export const streamed = ({ rest, transactions }: DataExport) =>
  new StreamedOutput(rest, "transactions", transactions, Object.keys(transaction.shape));

export const accountExportData = procedure({
  summary: "All stored data of the user: their profile, banks, activity and transactions.",
  scope: "account:export",
  stepUp: true,
  rest: "GET /account/export",
  streamed: exportOutput,
  reasons: ["export_running"],
}).query(async ({ ctx }) => {
  await beginExport(ctx.services, ctx.user, ctx.request);
  // Every transport writes it as `ExportOutput`.
  const output: unknown = streamed(await exportData(ctx.services, ctx.user));
  return output as ExportOutput;
});
