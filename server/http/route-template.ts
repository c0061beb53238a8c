import type { ServerBuild } from "@remix-run/node";
import type { Request } from "express";
import { endpoints, subscriptions } from "../api/contract/endpoints.ts";

/**
 * Returns the route of a request as in the code, `/api/v1/items/:itemId`. Metrics may use it, because it
 * contains no id and there are few routes.
 */
export function routeTemplates(build: Pick<ServerBuild, "routes">): (req: Request) => string {
  const procedures = new Set([...endpoints, ...subscriptions].map(({ name }) => name));
  const pages = Object.values(build.routes).flatMap(({ path }) => {
    if (!path) return [];
    const template = `/${path}`;
    return [{ template, pattern: new RegExp(`^${template.replace(/:\w+/g, "[^/]+")}(\\.data)?$`) }];
  });
  const page = (path: string) => {
    if (/^\/(_root\.data)?$/.test(path)) return "/";
    return pages.find(({ pattern }) => pattern.test(path))?.template ?? "unknown page";
  };

  return (req) => {
    const path = req.originalUrl.split("?")[0] as string;
    const [, room] = path.split("/");
    if (room === "trpc") {
      const names = path.slice("/trpc/".length).split(/,|%2c/i);
      if (!names.every((name) => procedures.has(name))) return "/trpc/unknown";
      return names.length === 1 ? `/trpc/${names[0]}` : "/trpc/batch";
    }
    const route: unknown = req.route?.path;
    if (typeof route !== "string") return path.startsWith("/api/auth/") ? "/api/auth" : "other";
    if (route === "*") return page(path);
    // An error leaves its router before Express restores the base path, so this uses the full path.
    if (path.startsWith("/api/v1/")) return `/api/v1${route}`;
    return room === "plaid" && !route.startsWith("/plaid") ? `/plaid${route}` : route;
  };
}
