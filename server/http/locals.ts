import type { Request } from "express";
import type { Context } from "../api/context.ts";

/** Per-request locals: the request id, for pages the CSP nonce, and the caller once identified. */
export interface Locals {
  requestId: string;
  nonce: string;
  context?: Promise<Context>;
}

export const localsOf = (req: Request) => req.res?.locals as Locals;
