import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app?.close());

test("R7 a page that cannot be shown says so plainly; why stands in the log under its request's id", async () => {
  const person = await app.signUp();
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  await app.query("alter table items rename to gone");
  const answer = await fetch(`${app.url}/dashboard`, { headers: { cookie: person.cookie } });
  await app.query("alter table gone rename to items");
  const page = await answer.text();
  expect(answer.status).toBe(500);
  expect(page).toContain("This page could not be shown");
  expect(page).not.toMatch(/relation|does not exist|\.ts:\d+/);
  const requestId = answer.headers.get("x-request-id");
  const lines = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.event === "refused" && line.requestId === requestId);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, reason: "internal", name: "/dashboard" });
  expect(lines[0].cause).toContain('relation "items" does not exist');
  expect(printed).not.toHaveBeenCalled();
});

test("an address that nothing answers is a 404 page, and no failure of ours", async () => {
  const answer = await fetch(`${app.url}/nowhere`);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("This page does not exist");
  const levels = app.logLines
    .map((line) => JSON.parse(line))
    .filter((line) => line.requestId === answer.headers.get("x-request-id"))
    .map((line) => line.level);
  expect(Math.max(...levels)).toBeLessThan(50);
});

test("what the build made comes as small as the build could make it, for as long as its name lasts", async () => {
  const page = await (await fetch(`${app.url}/login`)).text();
  const script = page.match(/\/assets\/entry\.client-[^"]+\.js/)?.[0];
  const as = (encoding: string) =>
    fetch(`${app.url}${script}`, { headers: { "accept-encoding": encoding } });
  const [plain, gzip, br] = await Promise.all(["identity", "gzip", "gzip, deflate, br"].map(as));
  const about = (answer: Response | undefined) => [
    answer?.headers.get("content-encoding"),
    answer?.headers.get("vary"),
    answer?.headers.get("cache-control"),
    answer?.headers.get("content-type"),
  ];
  const rest = ["Accept-Encoding", "public, max-age=31536000, immutable"];
  const type = "text/javascript; charset=utf-8";
  expect(about(plain)).toEqual([null, ...rest, type]);
  expect(about(gzip)?.slice(0, 3)).toEqual(["gzip", ...rest]);
  expect(about(br)?.slice(0, 3)).toEqual(["br", ...rest]);
  const size = (answer: Response | undefined) => Number(answer?.headers.get("content-length"));
  expect(size(br)).toBeGreaterThan(0);
  expect(size(br)).toBeLessThan(size(gzip));
  expect(size(gzip)).toBeLessThan(size(plain) / 2);
  const text = await plain?.text();
  expect(await gzip?.text()).toBe(text);
  expect(await br?.text()).toBe(text);
});

test("a bank that is called like the end of a script stays a name, also in the page's data", async () => {
  const person = await app.signUp("cfo");
  await app.connectAt(app.url, await app.publicToken(), person);
  const name = "</script><script>alert(1)</script>";
  await app.query("update items set institution_name = $2 where user_id = $1", [person.id, name]);
  for (const path of ["/dashboard", "/dashboard.data", "/transactions"]) {
    const answer = await fetch(`${app.url}${path}`, { headers: { cookie: person.cookie } });
    const page = await answer.text();
    expect(page, path).toContain("alert(1)");
    if (!path.endsWith(".data")) expect(page, path).not.toContain("<script>alert");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("no folder of assets lists what is in it", async () => {
  for (const path of ["/assets", "/assets/", "/assets/.", "/assets/../"]) {
    const answer = await fetch(`${app.url}${path}`, { redirect: "manual" });
    expect(await answer.text(), path).not.toMatch(/entry\.client-[^"]+\.js">/);
    expect(answer.status, path).not.toBe(200);
  }
});
