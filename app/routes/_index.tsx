import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

export function loader({ context }: LoaderFunctionArgs) {
  return redirect(context.viewer ? "/dashboard" : "/login");
}

/** Never rendered; but only a route that is a page has an error page. */
export default function Index() {
  return null;
}
