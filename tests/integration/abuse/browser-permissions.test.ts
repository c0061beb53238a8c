import { expect } from "vitest";
import type { TestApp } from "../../support/app.ts";
import { testInBrowser } from "../../support/app-in-browser.ts";
import { openPage } from "../../support/browser.ts";
import { logInByForm } from "../../support/link.ts";

const test = testInBrowser();

const policyAt = async (app: TestApp, path: string, method = "GET") => {
  const response = await fetch(`${app.url}${path}`, { method, redirect: "manual" });
  return response.headers.get("permissions-policy") ?? "";
};

test("Every response denies the browser permissions that no page uses: pages, data, files, rejections", async ({
  app,
}) => {
  for (const path of [
    ...["/login", "/dashboard", "/nowhere", "/%", "/healthz", "/readyz", "/api/openapi.json"],
    ...["/trpc/accounts.list", "/api/v1/accounts", "/plaid/exchange-token", "/favicon.svg"],
  ]) {
    const policy = await policyAt(app, path);
    for (const feature of [
      "camera",
      "microphone",
      "geolocation",
      "payment",
      "usb",
      "clipboard-read",
    ])
      expect(policy.split(", "), path).toContain(`${feature}=()`);
    expect(policy, path).toContain("clipboard-write=(self)");
    expect(policy, path).not.toMatch(/\*|http/);
  }
  expect(await policyAt(app, "/api/v1/accounts", "OPTIONS")).toContain("camera=()");
});

test("A script in a page or an allowed frame gets no camera, location or clipboard, but a page can copy an API key", async ({
  app,
  browser,
}) => {
  const ada = await app.signUp();
  const { page, console: consoleLines } = await openPage(browser);
  await page.context().grantPermissions(["camera", "microphone", "geolocation", "clipboard-read"]);
  await logInByForm(app, page, ada);
  const allowed = (feature: string) =>
    page.evaluate((name) => {
      type Policy = { allowsFeature(name: string): boolean };
      const { featurePolicy } = document as unknown as { featurePolicy: Policy };
      return featurePolicy.allowsFeature(name);
    }, feature);
  for (const feature of ["camera", "microphone", "geolocation", "payment", "clipboard-read", "usb"])
    expect(await allowed(feature), feature).toBe(false);
  for (const feature of ["clipboard-write", "publickey-credentials-get"])
    expect(await allowed(feature), feature).toBe(true);
  const located = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        navigator.geolocation.getCurrentPosition(
          () => resolve("found"),
          ({ message }) => resolve(message),
        );
      }),
  );
  expect(located).toMatch(/permissions policy/i);
  // Plaid's script makes its frame like this. It cannot delegate permissions that the page does not have.
  const inFrame = await page.evaluate(async () => {
    const frame = Object.assign(document.createElement("iframe"), { allow: "camera; geolocation" });
    document.body.append(frame);
    type Policy = { allowedFeatures(): string[] };
    return (frame as unknown as { featurePolicy: Policy }).featurePolicy.allowedFeatures();
  });
  expect(inFrame).not.toContain("camera");
  expect(inFrame).not.toContain("geolocation");
  // Chromium would warn about a permission in the header that it does not know.
  expect(consoleLines.filter((line) => line.includes("Unrecognized feature"))).toEqual([]);
});
