import fontUrl from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url";
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import {
  Links,
  Meta,
  Outlet,
  Scripts,
  ScrollRestoration,
  useLoaderData,
  useRouteLoaderData,
} from "@remix-run/react";
import type { ReactNode } from "react";
import { useChosenScheme } from "./appearance/chosen-scheme.ts";
import { readScheme } from "./appearance/scheme.ts";
import { ErrorPage } from "./components/error-page.tsx";
import { Toasts } from "./components/toasts.tsx";
import { useNonce } from "./nonce.ts";
import { useOtherRelease } from "./release.ts";
import stylesUrl from "./styles.css?url";
import { text } from "./text.ts";

export { shouldRevalidate } from "./send-form.ts";

export const links: LinksFunction = () => [
  { rel: "preload", as: "font", type: "font/woff2", href: fontUrl, crossOrigin: "anonymous" },
  { rel: "stylesheet", href: stylesUrl },
  { rel: "manifest", href: "/manifest.webmanifest" },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
];

export const meta: MetaFunction = () => [{ title: text.product }];

/**
 * The color scheme is in the first byte of the page, so that the page never appears in another. `userId`: the
 * user whose data the pages contain, because this is loaded whenever one of them is; null without a user, and
 * when it is unknown. `release`: that of the server that loaded the data.
 */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const { userId, release } = context;
  return { scheme: await readScheme(request, context), userId, release };
}

/** The color of the browser's own bars: the background of the page. */
const grounds = { light: "#fbfbfa", dark: "#0e1110" };

/** The layout of every page, including the error page. */
export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce();
  const kept = useRouteLoaderData<typeof loader>("root")?.scheme ?? null;
  const scheme = useChosenScheme(kept);
  return (
    <html lang={text.locale} data-scheme={scheme ?? undefined}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content={scheme ?? "light dark"} />
        {(["light", "dark"] as const).map((system) => (
          <meta
            key={system}
            name="theme-color"
            media={`(prefers-color-scheme: ${system})`}
            content={grounds[scheme ?? system]}
          />
        ))}
        <meta name="referrer" content="same-origin" />
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <Toasts />
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function App() {
  const { release } = useLoaderData<typeof loader>();
  return useOtherRelease(release) ? null : <Outlet />;
}

export function ErrorBoundary() {
  return <ErrorPage />;
}
