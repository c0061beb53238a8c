import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { requireViewer } from "../auth/require-viewer.ts";

/** How the mail that confirms the viewer's email is doing. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context, "/dashboard");
  return Response.json({ verified: context.email.verified, state: await context.email.state() });
}

/** Mails the link again. */
export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context, "/dashboard");
  const result = await context.email.sendLink();
  // Without JavaScript it is the page itself that was sent: the next one says how the mail is doing.
  if (request.headers.get("sec-fetch-dest") === "document") return redirect("/dashboard");
  return Response.json(
    { message: result.ok ? null : result.message },
    { status: result.ok ? 200 : result.status },
  );
}
