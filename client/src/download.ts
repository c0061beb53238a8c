import type { CallOptions } from "./call.ts";
import { after } from "./call-link.ts";
import { clientFailure, type FiscilityError } from "./fiscility-error.ts";
import type { Send } from "./send.ts";
import { said } from "./stream-link.ts";
import { endedBy } from "./to-fiscility-error.ts";
import { unreachable } from "./unexpected-response.ts";

const types = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
} as const;

/**
 * `json`: everything, as one object with REST's names. `ndjson`: the same, with a line for each field and for
 * each element of a list: `{"field": "transactions", "value": {…}}`. `csv`: only the transactions.
 */
export type ExportFormat = keyof typeof types;

/**
 * Returns the export as the server writes it, without holding it in memory. Once it has started, a broken
 * connection is an error of the stream, and nothing is retried.
 * @throws FiscilityError as `account.exportData` does
 */
export async function download(
  options: { root: string; send: Send; timeoutMs: number },
  format: ExportFormat,
  { signal, timeoutMs = options.timeoutMs }: Pick<CallOptions, "signal" | "timeoutMs">,
): Promise<ReadableStream<Uint8Array>> {
  const url = `${options.root}/api/v1/account/export`;
  const late = new AbortController();
  const timer = after(timeoutMs, () => late.abort());
  const whyCut = (cause: unknown): FiscilityError =>
    signal?.aborted
      ? endedBy(signal)
      : late.signal.aborted
        ? clientFailure("timed_out", { timeoutMs, limit: "call" })
        : unreachable(url, cause);
  // The caller's signal ends the body as well, long after this has returned.
  const cut = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  try {
    const response = await options
      .send(["account.exportData"], url, {
        headers: { accept: types[format] },
        signal: cut,
      })
      .catch((cause) => {
        throw whyCut(cause);
      });
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok || !response.body || !type.startsWith(types[format])) {
      throw said(await response.json().catch(() => null), url, response);
    }
    return response.body;
  } finally {
    clearTimeout(timer);
  }
}
