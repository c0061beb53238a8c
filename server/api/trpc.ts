import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { DatabaseUnreachable, isConnectionLost, isLockConflict } from "../../db/client.ts";
import type { User } from "../auth/identity.ts";
import { requireFactor } from "../auth/second-factor/require-factor.ts";
import { requireProof } from "../auth/step-up.ts";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import { issuesOf } from "../contracts/issues.ts";
import { spans } from "../telemetry/spans.ts";
import type { Context } from "./context.ts";
import type { ErrorData, ProcedureMeta } from "./procedure-meta.ts";

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    isDev: false,
    errorFormatter({ shape, error, ctx }) {
      const known = toFiscilityError(error);
      return {
        ...shape,
        message: known.message,
        data: {
          ...shape.data,
          httpStatus: reasons[known.reason].status,
          reason: known.reason,
          retryable: reasons[known.reason].retryable,
          details: known.details,
          requestId: ctx?.request.id ?? "",
        } satisfies ErrorData,
      };
    },
  });

/** Maps whatever a call threw to one of our reasons. Anything unexpected becomes `internal`. */
export function toFiscilityError(error: unknown): FiscilityError {
  if (error instanceof FiscilityError) return error;
  if (error instanceof TRPCError) {
    if (error.cause instanceof FiscilityError) return error.cause;
    if (error.code === "BAD_REQUEST" && error.cause instanceof ZodError) {
      return new FiscilityError("invalid_input", { details: { issues: issuesOf(error.cause) } });
    }
    const reason = trpcReasons[error.code];
    if (reason === "invalid_input") {
      const issues = [{ path: "", message: error.message }];
      return new FiscilityError(reason, { details: { issues }, cause: error.cause });
    }
    if (reason) return new FiscilityError(reason, { cause: error.cause });
    if (error.cause) return toFiscilityError(error.cause);
  }
  if (error instanceof DatabaseUnreachable || isLockConflict(error))
    return new FiscilityError("unavailable", { cause: error });
  return new FiscilityError("internal", { cause: error });
}

/** Like `toFiscilityError`, for work that changes nothing, where a lost connection is harmless. */
export function toReadError(error: unknown): FiscilityError {
  const cause = error instanceof TRPCError ? error.cause : error;
  return isConnectionLost(cause)
    ? new FiscilityError("unavailable", { cause })
    : toFiscilityError(error);
}

/** Errors that tRPC itself throws before a procedure runs. */
const trpcReasons: Partial<Record<TRPCError["code"], Reason>> = {
  PARSE_ERROR: "invalid_json",
  BAD_REQUEST: "invalid_input",
  NOT_FOUND: "not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "body_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
};

/** Returns a TRPCError with the code of the reason and the reason as its cause. */
export function toTrpcError(cause: FiscilityError): TRPCError {
  return new TRPCError({ code: reasons[cause.reason].code, message: cause.message, cause });
}

/** Decides who may call a procedure, in one place. Page actions without a procedure use `requireViewer`. */
function admit(ctx: Context, meta: ProcedureMeta | undefined): User {
  if (ctx.refusal) throw ctx.refusal;
  if (!ctx.user) throw new FiscilityError("unauthenticated");
  if (ctx.apiKey) {
    if (!meta || meta.scope === "session") throw new FiscilityError("session_required");
    const { scopes: held } = ctx.apiKey;
    if (!held.includes(meta.scope)) {
      throw new FiscilityError("scope_missing", { details: { required: meta.scope, held } });
    }
  }
  return ctx.user;
}

/**
 * Runs around every procedure: opens a span, authorizes the caller, limits the user's concurrent calls, and
 * maps errors to TRPCErrors (a stream that fails after it started does that itself). It is one middleware
 * because each one adds time to every call.
 */
const guarded = t.middleware(({ ctx, meta, path, type, next }) =>
  spans.inSpan(`procedure ${path}`, {}, async () => {
    try {
      const user = admit(ctx, meta);
      const { callGate, config } = ctx.services;
      if (!meta?.setsUpFactor && config.secondFactor === "always") {
        await requireFactor(ctx.services, user.id);
      }
      if (meta?.stepUp && !ctx.apiKey) await requireProof(ctx.services, ctx);
      const result = await callGate.run(user.id, () => next({ ctx: { user } }));
      if (result.ok) return result;
      throw result.error;
    } catch (error) {
      throw toTrpcError(type === "query" ? toReadError(error) : toFiscilityError(error));
    }
  }),
);

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Builds a procedure, which runs for a logged-in user or for an API key with its scope. */
export const procedure = (meta: ProcedureMeta) => t.procedure.meta(meta).use(guarded);
