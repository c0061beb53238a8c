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
