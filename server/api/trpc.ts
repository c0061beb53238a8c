import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import type { Context } from "./context.ts";

/** What stands in `error.data` of a failed call, beside tRPC's own `code` and `httpStatus`. */
export interface ErrorData {
  code: string;
  httpStatus: number;
  path?: string;
  reason: Reason;
  details?: unknown;
  requestId: string;
}

const t = initTRPC.context<Context>().create({
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
        details: known.details,
        requestId: ctx?.requestId ?? "",
      } satisfies ErrorData,
    };
  },
});

/** Turns whatever a call threw into one of our reasons; what nobody foresaw becomes `internal`. */
export function toFiscilityError(error: unknown): FiscilityError {
  if (error instanceof FiscilityError) return error;
  if (error instanceof TRPCError) {
    if (error.cause instanceof FiscilityError) return error.cause;
    if (error.code === "BAD_REQUEST" && error.cause instanceof ZodError) {
      const issues = error.cause.issues.map((issue) => ({
        path: issue.path.join("."),
        message: issue.message,
      }));
      return new FiscilityError("invalid_input", { details: { issues } });
    }
    const reason = trpcReasons[error.code];
    if (reason) return new FiscilityError(reason, { cause: error.cause });
  }
  return new FiscilityError("internal", { cause: error });
}

/** The refusals tRPC makes itself, before a procedure runs. */
const trpcReasons: Partial<Record<TRPCError["code"], Reason>> = {
  PARSE_ERROR: "invalid_json",
  BAD_REQUEST: "invalid_input",
  NOT_FOUND: "not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "body_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
};

/** A reason leaves a procedure as a TRPCError of the fitting code, with the reason as its cause. */
const asTrpcError = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof FiscilityError) {
    const cause: FiscilityError = result.error.cause;
    throw new TRPCError({ code: reasons[cause.reason].code, message: cause.message, cause });
  }
  return result;
});

const loggedIn = t.middleware(({ ctx, next }) => {
  if (!ctx.user) throw new FiscilityError("unauthenticated");
  return next({ ctx: { ...ctx, user: ctx.user } });
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Every procedure is one of these: it runs for a logged-in person, or answers `unauthenticated`. */
export const procedure = t.procedure.use(asTrpcError).use(loggedIn);
