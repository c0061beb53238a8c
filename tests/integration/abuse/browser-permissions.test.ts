import { expect, test } from "vitest";
import { app, browser, startInBrowser } from "../../support/app-in-browser.ts";
import { openPage } from "../../support/browser.ts";
import { logInByForm } from "../../support/link.ts";

startInBrowser();

const policyAt = async (path: string, method = "GET") => {
  const answer = await fetch(`${app.url}${path}`, { method, redirect: "manual" });
  return answer.headers.get("permissions-policy") ?? "";
};

test("every answer denies what no page asks a browser for: pages, data, files, refusals", async () => {
  for (const path of [
    ...["/login", "/dashboard", "/nowhere", "/%", "/healthz", "/readyz", "/api/openapi.json"],
    ...["/trpc/accounts.list", "/api/v1/accounts", "/plaid/exchange-token", "/favicon.svg"],
  ]) {
    const policy = await policyAt(path);
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
  expect(await policyAt("/api/v1/accounts", "OPTIONS")).toContain("camera=()");
});

test("a script in a page, or in a frame of it that is allowed to, gets no camera, place or clipboard, and a key can be copied", async () => {
  const ada = await app.signUp();
  const { page, console: said } = await openPage(browser);
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
  // As Plaid's script makes its frame: what it would delegate is not there to be delegated.
  const inFrame = await page.evaluate(async () => {
    const frame = Object.assign(document.createElement("iframe"), { allow: "camera; geolocation" });
    document.body.append(frame);
    type Policy = { allowedFeatures(): string[] };
    return (frame as unknown as { featurePolicy: Policy }).featurePolicy.allowedFeatures();
  });
  expect(inFrame).not.toContain("camera");
  expect(inFrame).not.toContain("geolocation");
  // The header itself names nothing that Chromium does not know.
  expect(said.filter((line) => line.includes("Unrecognized feature"))).toEqual([]);
});
