import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { requireViewer } from "../auth/require-viewer.ts";
import { readForm } from "../read-form.ts";

/** No page: the dashboard posts here which messages it has shown. */
export function loader() {
  return redirect("/");
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  await context.link.markNewsSeen(String((await readForm(request)).get("id")));
  return new Response(null, { status: 204 });
}
