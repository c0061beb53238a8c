import { z } from "zod";
import { FiscilityError } from "../contracts/errors.ts";
import { issuesOf } from "../contracts/issues.ts";
import { passkeyJson } from "../contracts/second-factors.ts";
import { logInForm, signUpForm } from "../contracts/session.ts";

/** The second step of a log-in: a code of the app, a backup code, or a passkey. */
export const secondStepBody = z
  .strictObject({
    code: z.string().max(64).optional(),
    passkey: passkeyJson.optional(),
    /** Lets this browser skip the second step for 30 days. */
    trustDevice: z.boolean().optional(),
  })
  .refine(({ code, passkey }) => (code === undefined) !== (passkey === undefined), {
    message: "Send a code or a passkey.",
  });
/** `secondStep`: for the pending log-in of this browser; else for a log-in with only a passkey. */
export const passkeyOptionsBody = z.strictObject({ secondStep: z.boolean().optional() });
export const passkeyLogInBody = z.strictObject({ passkey: passkeyJson });

/** The path of better-auth, and the endpoints that we serve. */
export const basePath = "/api/auth";

/**
 * The endpoints of better-auth that we offer, and the fields that reach them. All of its other endpoints,
 * present or future, return `not_found`.
 */
const bodies = {
  "/sign-in/email": logInForm.extend({ rememberMe: z.boolean().optional() }),
  // Strict, because better-auth would store fields that the form does not have.
  "/sign-up/email": signUpForm.strict(),
  "/sign-out": z.strictObject({}),
  "/second-step": secondStepBody,
  "/passkey/options": passkeyOptionsBody,
  "/passkey/log-in": passkeyLogInBody,
} as const;

type Path = keyof typeof bodies;

/** A parsed request below `/api/auth`. `request` contains only `body`, nothing else that was sent. */
export type AuthRequest = {
  [P in Path]: { path: P; body: z.infer<(typeof bodies)[P]>; request: Request };
}[Path];

/**
 * Parses a request for better-auth once. The throttle and better-auth see the same values, because
 * better-auth gets a new request with the parsed body.
 *
 * @throws FiscilityError `not_found`, `method_not_allowed`, `unsupported_media_type` for anything but JSON,
 *   `invalid_json`, and `invalid_input` when a field is missing or invalid
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

/** JSON is UTF-8 (RFC 8259, 8.1). Another charset or parameter makes it another type. */
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
