import { type ActionFunctionArgs, redirect } from "@remix-run/node";

/** No page: the log-out button posts here. */
export function loader() {
  return redirect("/");
}

export async function action({ context }: ActionFunctionArgs) {
  const result = await context.auth.logOut();
  const headers = new Headers();
  // Without a session there is nothing to end; the log-in page is right either way.
  if (result.ok) for (const cookie of result.setCookie) headers.append("Set-Cookie", cookie);
  return redirect("/login", { headers });
}
