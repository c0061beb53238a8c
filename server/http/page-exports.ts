import type { Response } from "express";
import type { Context } from "../api/context.ts";
import { streamed } from "../api/procedures/account-export-data.ts";
import { atPaceOf } from "../api/streamed-output.ts";
import { isProved } from "../auth/step-up.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import { beginExport, exportData, transactionPages } from "../users/export-data.ts";
import type { LoadContext } from "./load-context.ts";

/** The viewer's exports for the page that sends them, as fast as the client reads `res`. */
export function createPageExports(context: Context, res: Response): LoadContext["exports"] {
  const { services } = context;
  async function begin() {
    const { user } = context;
    if (!user) throw new globalThis.Response(null, { status: 401 });
    // The route redirects to the page for the step-up.
    if (!(await isProved(services, context))) throw new globalThis.Response(null, { status: 403 });
    await beginExport(services, user, context.request).catch((error: unknown) => {
      if (!(error instanceof FiscilityError)) throw error;
      const { status } = reasons[error.reason as keyof typeof reasons];
      throw new globalThis.Response(`${error.message}\n`, {
        status,
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    });
    return user;
  }
  return {
    async rest() {
      const user = await begin();
      return (await exportData(services, user)).rest;
    },
    async json() {
      const user = await begin();
      const data = await exportData(services, user);
      return { exportedAt: data.rest.exportedAt, parts: atPaceOf(res, streamed(data).json()) };
    },
    async transactions(filter) {
      const user = await begin();
      return atPaceOf(res, transactionPages(services, user.id, filter));
    },
  };
}
