import type { LoaderFunctionArgs } from "@remix-run/node";
import { requireViewer } from "../auth/require-viewer.ts";
import { exports } from "../settings/exports.ts";

/** `/settings/export/accounts.csv` and its like: what is kept of the person, as a download. */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const { file = "" } = params;
  const wanted = Object.hasOwn(exports, file) ? exports[file] : undefined;
  if (!wanted) throw new Response(null, { status: 404 });
  const data = await context.caller.account.exportData();
  return new Response(wanted.write(data), {
    headers: {
      "content-type": wanted.type,
      "content-disposition": `attachment; filename="fiscility-${data.exportedAt.slice(0, 10)}-${file}"`,
      "cache-control": "no-store",
    },
  });
}
