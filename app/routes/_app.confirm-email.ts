import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { requireViewer } from "../auth/require-viewer.ts";

/** Returns the state of the email that confirms the user's address. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context, "/dashboard");
  return Response.json({ verified: context.email.verified, state: await context.email.state() });
}

/** Sends the link again. */
export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context, "/dashboard");
  const result = await context.email.sendLink();
  // Without JavaScript the browser expects a page: the next one shows the state of the email.
  if (request.headers.get("sec-fetch-dest") === "document") return redirect("/dashboard");
  return Response.json(
    { message: result.ok ? null : result.message },
    { status: result.ok ? 200 : result.status },
  );
}
