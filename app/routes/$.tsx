import type { MetaFunction } from "@remix-run/node";
import { ErrorPage } from "../components/error-page.tsx";
import { pageTitle } from "../page-title.ts";
import { text } from "../text.ts";

export const meta: MetaFunction = () => pageTitle(text.error.notFound.title);

/** Handles every URL without another route. */
export function loader() {
  throw new Response(null, { status: 404 });
}

export default function NotFound() {
  return null;
}

export function ErrorBoundary() {
  return <ErrorPage />;
}
