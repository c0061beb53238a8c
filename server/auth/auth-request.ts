import { z } from "zod";
import { FiscilityError } from "../contracts/errors.ts";
import { issuesOf } from "../contracts/issues.ts";
import { logInForm, signUpForm } from "../contracts/session.ts";

/** Where better-auth is served, and what it serves. */
export const basePath = "/api/auth";

/**
 * The endpoints of better-auth that are ours to offer, and the fields that reach them. Whatever else
 * better-auth has, or comes to have, is not found.
 */
const bodies = {
  "/sign-in/email": logInForm.extend({ rememberMe: z.boolean().optional() }),
  // Strict: better-auth would store fields that the form does not have.
  "/sign-up/email": signUpForm.strict(),
  "/sign-out": z.strictObject({}),
  "/change-password": z.object({ currentPassword: z.string(), newPassword: z.string() }),
} as const;

type Path = keyof typeof bodies;

/** A request below `/api/auth`, read. `request` carries `body` and nothing else of what was sent. */
export type AuthRequest = {
  [P in Path]: { path: P; body: z.infer<(typeof bodies)[P]>; request: Request };
}[Path];

/**
 * Reads a request for better-auth, once: the throttle and better-auth see the same values, as
 * better-auth gets a new request with the body that was read here.
 *
 * @throws `not_found`, `method_not_allowed`, `unsupported_media_type` for anything but JSON,
 *   `invalid_json`, and `invalid_input` when a field is missing or is not what it should be.
 */
export async function readAuthRequest(request: Request): Promise<AuthRequest> {
  const path = new URL(request.url).pathname.slice(basePath.length);
  if (!isPath(path)) throw new FiscilityError("not_found");
  if (request.method !== "POST") throw new FiscilityError("method_not_allowed");
  const body = bodies[path].safeParse(await readJson(request));
  if (!body.success) {
    throw new FiscilityError("invalid_input", { details: { issues: issuesOf(body.error) } });
  }
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  const passedOn = new Request(request.url, {
    method: "POST",
    headers,
    body: JSON.stringify(body.data),
  });
  return { path, body: body.data, request: passedOn } as AuthRequest;
}

const isPath = (path: string): path is Path => Object.hasOwn(bodies, path);

/** JSON is UTF-8 (RFC 8259, 8.1); another charset, or another parameter, is another type. */
const json = /^application\/json *(; *charset="?utf-8"? *)?$/i;

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type");
  const isEmpty = !Number(request.headers.get("content-length") ?? 0);
  if (type === null && isEmpty) return {};
  if (type === null || !json.test(type)) throw new FiscilityError("unsupported_media_type");
  try {
    return JSON.parse(await request.text());
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new FiscilityError("invalid_json", { cause });
    throw cause;
  }
}
