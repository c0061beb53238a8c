import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { storeScheme } from "../appearance/scheme.ts";
import { nextPath } from "../auth/next-path.ts";
import { readForm } from "../read-form.ts";

/** No page: the choice of light or dark posts to this URL. */
export function loader() {
  return redirect("/");
}

export async function action({ request, context }: ActionFunctionArgs) {
  const chosen = (await readForm(request)).get("scheme");
  const headers = { "Set-Cookie": await storeScheme(context, chosen) };
  return redirect(nextPath(request.url), { headers });
}
