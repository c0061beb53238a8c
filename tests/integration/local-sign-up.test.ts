import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { testWithApp } from "../support/fixtures.ts";
import { mailAbout, sendForm, tokenIn, workFor } from "../support/mail.ts";
import { authenticator, cookiesOf, endLogIn } from "../support/second-factor.ts";

const test = testWithApp();

const password = "correct horse battery";

test("Locally a sign-up followed by a log-in works from a script, connects a bank, and its mail is read as JSON", async ({
  app,
}) => {
  const worker = await workFor(app);
  try {
    const email = `${randomUUID()}@example.com`;
    const begun = performance.now();
    expect(
      (await app.post("/api/auth/sign-up/email", { name: "Ada", email, password })).status,
    ).toBe(200);
    const { status, headers } = await app.post("/api/auth/sign-in/email", { email, password });
    expect(status).toBe(200);
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    // The free plan has room for two accounts.
    await app.query("update users set plan = 'analyst' where email = $1", [email]);
    const body = { public_token: await app.publicToken() };
    expect((await app.post("/plaid/exchange-token", body, { cookie })).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(60_000);
    const mail = await mailAbout(app, email, "Confirm your email address");
    expect(new URL(mail.links[0] ?? "").pathname).toBe("/verify-email");
    expect((await sendForm(app, "/verify-email", { token: tokenIn(mail) })).status).toBe(200);
    await mailAbout(app, email, "First Platypus Bank is connected");
  } finally {
    await worker.stop();
  }
});

const withAll = testWithApp({ VERIFIED_EMAIL: "required", SECOND_FACTOR: "always" });

withAll(
  "A script signs up, confirms its email, sets a second factor up, logs in with it and connects a bank within a minute",
  async ({ app }) => {
    const worker = await workFor(app);
    try {
      const email = `${randomUUID()}@example.com`;
      const begun = performance.now();
      await app.post("/api/auth/sign-up/email", { name: "Ada", email, password });
      const mail = await mailAbout(app, email, "Confirm your email address");
      await sendForm(app, "/verify-email", { token: tokenIn(mail) });
      const session = cookiesOf(await app.post("/api/auth/sign-in/email", { email, password }));
      await app.post("/api/v1/session/step-up", { password }, session);
      const { body } = await app.post("/api/v1/second-factors/authenticator", {}, session);
      const own = authenticator(body.secret);
      const confirmation = { code: await own.previousCode() };
      const path = "/api/v1/second-factors/authenticator/confirmation";
      expect((await app.post(path, confirmation, session)).status).toBe(200);
      const first = cookiesOf(await app.post("/api/auth/sign-in/email", { email, password }));
      const second = cookiesOf(await endLogIn(app, first.cookie, { code: own.code() }));
      await app.query("update users set plan = 'analyst' where email = $1", [email]);
      const connect = { public_token: await app.publicToken() };
      expect((await app.post("/plaid/exchange-token", connect, second)).status).toBe(200);
      expect(performance.now() - begun).toBeLessThan(60_000);
    } finally {
      await worker.stop();
    }
  },
);
