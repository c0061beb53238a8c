import { expect, onTestFinished, vi } from "vitest";
import { hideTable } from "../support/database-faults.ts";
import { testWithApp } from "../support/fixtures.ts";
import { updateItems } from "../support/rows.ts";

const test = testWithApp();

test("A page that fails says so plainly, and logs the cause under its request id (R7)", async ({
  app,
}) => {
  const user = await app.signUp();
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  const restore = await hideTable(app, "items");
  const response = await fetch(`${app.url}/dashboard`, { headers: { cookie: user.cookie } });
  await restore();
  const page = await response.text();
  expect(response.status).toBe(500);
  expect(page).toContain("This page could not be shown");
  expect(page).not.toMatch(/relation|does not exist|\.ts:\d+/);
  const requestId = response.headers.get("x-request-id");
  const lines = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === "refused" && line.requestId === requestId);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, reason: "internal", name: "/dashboard" });
  expect(lines[0].cause).toContain('relation "items" does not exist');
  expect(printed).not.toHaveBeenCalled();
});

test("An unknown address is a 404 page and no logged error", async ({ app }) => {
  const response = await fetch(`${app.url}/nowhere`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain("This page does not exist");
  const levels = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.requestId === response.headers.get("x-request-id"))
    .map((line) => line.level);
  expect(Math.max(...levels)).toBeLessThan(50);
});

test("A page keeps no timer once it is sent", async ({ app }) => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const cleared = vi.spyOn(globalThis, "clearTimeout");
  onTestFinished(() => {
    set.mockRestore();
    cleared.mockRestore();
  });
  await (await fetch(`${app.url}/login`)).text();
  // The limit of its rendering: `app/entry.server.tsx`.
  const limits = set.mock.calls.flatMap(([, ms], at) =>
    ms === 11_000 ? [set.mock.results[at]?.value] : [],
  );
  expect(limits).toHaveLength(1);
  await expect.poll(() => cleared.mock.calls.map(([timer]) => timer)).toContain(limits[0]);
});

test("Built assets are served compressed and cached for as long as their names last", async ({
  app,
}) => {
  const page = await (await fetch(`${app.url}/login`)).text();
  const script = page.match(/\/assets\/entry\.client-[^"]+\.js/)?.[0];
  const as = (encoding: string) =>
    fetch(`${app.url}${script}`, { headers: { "accept-encoding": encoding } });
  const [plain, gzip, br] = await Promise.all(["identity", "gzip", "gzip, deflate, br"].map(as));
  const about = (response: Response | undefined) => [
    response?.headers.get("content-encoding"),
    response?.headers.get("vary"),
    response?.headers.get("cache-control"),
    response?.headers.get("content-type"),
  ];
  const rest = ["Accept-Encoding", "public, max-age=31536000, immutable"];
  const type = "text/javascript; charset=utf-8";
  expect(about(plain)).toEqual([null, ...rest, type]);
  expect(about(gzip)?.slice(0, 3)).toEqual(["gzip", ...rest]);
  expect(about(br)?.slice(0, 3)).toEqual(["br", ...rest]);
  const size = (response: Response | undefined) => Number(response?.headers.get("content-length"));
  expect(size(br)).toBeGreaterThan(0);
  expect(size(br)).toBeLessThan(size(gzip));
  expect(size(gzip)).toBeLessThan(size(plain) / 2);
  const text = await plain?.text();
  expect(await gzip?.text()).toBe(text);
  expect(await br?.text()).toBe(text);
});

test("A bank whose name closes a script element stays text, also in the page's data", async ({
  app,
}) => {
  const user = await app.signUp("cfo");
  await app.connectAt(app.url, await app.publicToken(), user);
  const name = "</script><script>alert(1)</script>";
  await updateItems(app, { institution_name: name }, { user });
  for (const path of ["/dashboard", "/dashboard.data", "/transactions"]) {
    const response = await fetch(`${app.url}${path}`, { headers: { cookie: user.cookie } });
    const page = await response.text();
    expect(page, path).toContain("alert(1)");
    if (!path.endsWith(".data")) expect(page, path).not.toContain("<script>alert");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("No folder of assets lists its files", async ({ app }) => {
  for (const path of ["/assets", "/assets/", "/assets/.", "/assets/../"]) {
    const response = await fetch(`${app.url}${path}`, { redirect: "manual" });
    expect(await response.text(), path).not.toMatch(/entry\.client-[^"]+\.js">/);
    expect(response.status, path).not.toBe(200);
  }
});
