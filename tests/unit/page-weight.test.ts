import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const build = path.join(import.meta.dirname, "../../build");

/** What a page loads before Link: the modules its route and its parents import, and this itself. */
interface Manifest {
  url: string;
  entry: { module: string; imports: string[] };
  routes: Record<string, { module: string; imports?: string[] }>;
}

test("A page's JavaScript is 130 kB gzipped at most when it loads", async () => {
  const server = (await import(path.join(build, "server/index.js"))) as { assets: Manifest };
  const { url, entry, routes } = server.assets;
  for (const route of ["routes/_app.dashboard", "routes/_app.transactions"]) {
    const parts = ["root", "routes/_app", route].flatMap((id) => routes[id] ?? []);
    const modules = [entry, ...parts].flatMap((part) => [part.module, ...(part.imports ?? [])]);
    const bytes = [...new Set([url, ...modules])].map((file) => {
      const [name = file] = file.split("?");
      return gzipSync(readFileSync(path.join(build, "client", name))).length;
    });
    const total = bytes.reduce((sum, one) => sum + one, 0);
    expect(total / 1000, route).toBeLessThanOrEqual(130);
    expect(total / 1000, route).toBeGreaterThan(80);
  }
});
