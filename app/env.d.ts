import "@remix-run/node";
import type { LoadContext } from "../server/load-context.ts";

declare module "@remix-run/node" {
  interface AppLoadContext extends LoadContext {}
}
