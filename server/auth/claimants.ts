import type { Db } from "../../db/client.ts";
import { findClaimant } from "../../db/sign-ups.ts";

/**
 * A log-in where users may only claim an address (`server/auth/sign-up.ts`): as the user who has the address
 * or, when the password is not theirs, as the newest user who claims it. Every wrong password is compared
 * twice, and so is one that matches a claim. So neither the response nor its time reveals whether the address
 * has a user.
 */
export async function logInAsClaimant(
  db: Db,
  handler: (request: Request) => Promise<Response>,
  { body, request }: { body: { email: string; password: string }; request: Request },
): Promise<Response> {
  const asUser = await handler(request);
  if (asUser.status !== 401) return asUser;
  const email = await findClaimant(db, body.email);
  const asClaimant = await handler(
    new Request(request.url, {
      method: "POST",
      headers: request.headers,
      body: JSON.stringify({ ...body, email }),
    }),
  );
  if (!asClaimant.ok) return asUser;
  const signedUp = (await asClaimant.json()) as { user?: object };
  const headers = new Headers(asClaimant.headers);
  headers.delete("content-length");
  return Response.json(
    { ...signedUp, user: { ...signedUp.user, email: body.email.toLowerCase() } },
    { status: asClaimant.status, headers },
  );
}
