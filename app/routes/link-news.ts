import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import { requireViewer } from "../auth/require-viewer.ts";
import { readForm } from "../read-form.ts";

/** Nothing to see: the dashboard posts here what it has said. */
export function loader() {
  return redirect("/");
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  await context.link.markTold(String((await readForm(request)).get("id")));
  return new Response(null, { status: 204 });
}
