import "@remix-run/node";
import type { LoadContext } from "../server/http/load-context.ts";

declare module "@remix-run/node" {
  interface AppLoadContext extends LoadContext {}
}

// The single fetch option of remix.config.js changes the types of what components get from loaders and
// actions.
declare module "@remix-run/server-runtime" {
  interface Future {
    v3_singleFetch: true;
  }
}
