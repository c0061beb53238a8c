import { randomUUID } from "node:crypto";
import { addTestUser, type TestUser } from "../support/test-users.ts";
import type { World } from "./world.ts";

/** Adds a user with a session and a bank. As rows, because so many log-ins from one address are refused. */
export async function addUser(world: World, url: string): Promise<TestUser> {
  const user = await addTestUser(
    world.pool,
    { SESSION_SECRET: world.env.SESSION_SECRET as string, production: false },
    { name: "Ada", email: `${randomUUID()}@example.com`, plan: "cfo" },
  );
  const public_token = await world.publicToken("Account");
  await post(`${url}/plaid/exchange-token`, { public_token }, user.cookie);
  return user;
}

/** Signs a user up at a node. Returns the cookie of their session. */
export async function signUp(url: string, email: string): Promise<string> {
  const user = { name: "b", email, password: "correct horse" };
  await post(`${url}/api/auth/sign-up/email`, user);
  const response = await post(`${url}/api/auth/sign-in/email`, user);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** Sends JSON from the app's own page. Throws for anything but a success. */
export async function post(url: string, body: object, cookie = ""): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", cookie, origin: new URL(url).origin },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}

/** Adds transactions to each account of a user. */
export async function fill(world: World, userId: string, rows: number): Promise<void> {
  await world.pool.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, merchant, category, pending)
     select a.user_id, md5(a.id::text || n), a.id, current_date - (n % 730), (n % 500)::numeric / 7, 'USD',
       'A merchant with number ' || n, 'A merchant', 'FOOD_AND_DRINK', false
     from accounts a, generate_series(1, $2::int) n where a.user_id = $1`,
    [userId, rows],
  );
  await world.pool.query("vacuum analyze transactions");
}
