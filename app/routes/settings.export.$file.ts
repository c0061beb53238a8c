import { type AppLoadContext, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { transactionFilter } from "../../server/contracts/transactions.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { tables, transactionsCsv } from "../settings/exports.ts";
import { readFilter, toInput } from "../transactions/filter.ts";
import { words } from "../transactions/words.ts";

/**
 * Serves `/settings/export/accounts.csv` and other files: the user's data, as downloads, one at a time.
 * `transactions.csv` accepts the filters of the transactions page. Files with transactions are streamed while
 * they are read.
 */
export async function loader({ request, context, params }: LoaderFunctionArgs) {
  // A log-in must be followed by a page, and this is a file: so it returns to the page with the link.
  const { search } = new URL(request.url);
  const page = search ? `/transactions${search}` : "/settings/account";
  requireViewer(request, context, page);
  const response = await fileOf(params.file ?? "", request, context).catch(
    (error: unknown) => error,
  );
  // The user has not recently proved who they are.
  if (response instanceof Response && response.status === 403)
    throw redirect(`/settings/confirm?next=${encodeURIComponent(page)}`);
  if (response instanceof Response) return response;
  throw response;
}

/** @throws the response of a failure: 403 without a proof, 404, or another reason's. */
async function fileOf(file: string, request: Request, context: AppLoadContext): Promise<Response> {
  if (file === "transactions.csv") {
    const typed = readFilter(new URL(request.url).searchParams);
    const filter = transactionFilter.safeParse(toInput(typed, null));
    if (!filter.success) {
      const { invalidTitle, invalid } = words;
      return new Response(`${invalidTitle}. ${invalid}\n`, {
        status: 400,
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    }
    const { items } = await context.caller.accounts.list();
    const parts = transactionsCsv(items, await context.exports.transactions(filter.data));
    return download(streamOf(parts), file, new Date().toISOString(), csv);
  }
  if (file === "everything.json") {
    const { exportedAt, parts } = await context.exports.json();
    return download(streamOf(parts), file, exportedAt, "application/json; charset=utf-8");
  }
  const write = Object.hasOwn(tables, file) ? tables[file] : undefined;
  if (!write) throw new Response(null, { status: 404 });
  const rest = await context.exports.rest();
  return download(write(rest), file, rest.exportedAt, csv);
}

const csv = "text/csv; charset=utf-8";

function download(body: BodyInit, file: string, at: string, type: string): Response {
  return new Response(body, {
    headers: {
      "content-type": type,
      "content-disposition": `attachment; filename="fiscility-${at.slice(0, 10)}-${file}"`,
      // Also not compressed: compression would change the pace of the stream.
      "cache-control": "no-store, no-transform",
    },
  });
}

/**
 * Returns the parts as bytes, one at a time. If one fails, the stream fails, and the browser reports that the
 * file is incomplete.
 */
function streamOf(parts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}
