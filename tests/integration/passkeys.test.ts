import { expect } from "vitest";
import type { Person, TestApp } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { forgetStepUps } from "../support/rows.ts";
import { beginLogIn, cookiesOf, endLogIn } from "../support/second-factor.ts";
import { softwarePasskey } from "../support/software-passkey.ts";

const test = testWithApp();

const encoded = (id: string) => Buffer.from(id).toString("base64url");

/** Registers a new passkey of this user. */
async function addPasskey(app: TestApp, person: Person, passkey = softwarePasskey(app.url)) {
  await app.stepUp(person);
  const { body } = await app.post("/api/v1/second-factors/passkey-options", {}, person);
  const input = { name: "Laptop", passkey: passkey.register(body.options) };
  const added = await app.post("/api/v1/second-factors/passkeys", input, person);
  expect([added.status, added.body]).toEqual([200, { backup_codes: expect.anything() }]);
  return passkey;
}

/** Options for a log-in by passkey, and the cookie of the browser that asked for them. */
async function askToLogIn(app: TestApp) {
  const response = await app.post("/api/auth/passkey/options", {});
  return { options: response.body.options as string, ...cookiesOf(response) };
}

const logInBy = (app: TestApp, cookie: string, passkey: string) =>
  app.post("/api/auth/passkey/log-in", { passkey }, { cookie });

const secondStepOptions = async (app: TestApp, cookie: string): Promise<string> =>
  (await app.post("/api/auth/passkey/options", { secondStep: true }, { cookie })).body.options;

test("A passkey logs in alone when it has checked its user, within 300 ms of ours", async ({
  app,
}) => {
  const ada = await app.signUp();
  const passkey = await addPasskey(app, ada);
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    const begun = performance.now();
    const { options, cookie } = await askToLogIn(app);
    const asked = performance.now();
    const signed = passkey.sign(options);
    const sent = performance.now();
    const answer = await logInBy(app, cookie, signed);
    times.push(performance.now() - sent + asked - begun);
    expect([answer.status, answer.body]).toEqual([200, { loggedIn: true }]);
    const session = cookiesOf(answer).cookie;
    const plan = await fetch(`${app.url}/api/v1/plan`, { headers: { cookie: session } });
    expect(plan.status).toBe(200);
  }
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(300);

  const unchecked = await askToLogIn(app);
  const answer = await logInBy(
    app,
    unchecked.cookie,
    passkey.sign(unchecked.options, { verified: false }),
  );
  expect([answer.status, answer.body.code]).toEqual([401, "PASSKEY_INVALID"]);
});

test("A passkey is the second step after a password, and nothing is left of the log-in", async ({
  app,
}) => {
  const ada = await app.signUp();
  const passkey = await addPasskey(app, ada);
  const begun = await beginLogIn(app, ada);
  expect(begun.body).toEqual({ secondStep: { totp: false, passkey: true } });
  const options = await secondStepOptions(app, begun.cookie);
  expect(JSON.parse(options).allowCredentials).toEqual([
    { id: passkey.id, transports: ["internal"], type: "public-key" },
  ]);
  const signed = passkey.sign(options, { verified: false });
  expect((await endLogIn(app, begun.cookie, { passkey: signed })).status).toBe(200);
  expect(await app.query("select from pending_log_ins where user_id = $1", [ada.id])).toEqual([]);
});

test("A passkey of one user never opens another: not by log-in, second step or step-up", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const adas = await addPasskey(app, ada);
  const eves = await addPasskey(app, eve);
  const [adaId, eveId] = [encoded(ada.id), encoded(eve.id)];

  for (const twist of [
    { userHandle: adaId },
    { userHandle: adaId, id: adas.id },
    { userHandle: eveId, id: adas.id },
    { userHandle: null },
    { userHandle: encoded("not a user") },
  ]) {
    const { options, cookie } = await askToLogIn(app);
    const answer = await logInBy(app, cookie, eves.sign(options, twist));
    expect([twist, answer.status]).toEqual([twist, 401]);
    expect(answer.headers.getSetCookie().join()).not.toContain("session_token");
  }
  for (const twist of [{}, { userHandle: adaId }, { userHandle: null }, { id: adas.id }]) {
    const begun = await beginLogIn(app, ada);
    const options = await secondStepOptions(app, begun.cookie);
    const answer = await endLogIn(app, begun.cookie, { passkey: eves.sign(options, twist) });
    expect([twist, answer.status]).toEqual([twist, 401]);
  }
  await forgetStepUps(app, ada);
  for (const twist of [{}, { userHandle: adaId }, { id: adas.id, userHandle: adaId }]) {
    const { body } = await app.post("/api/v1/session/passkey-options", {}, ada);
    const passkey = eves.sign(body.options, twist);
    const answer = await app.post("/api/v1/session/step-up", { passkey }, ada);
    expect([twist, answer.body.error?.reason]).toEqual([twist, "passkey_invalid"]);
  }
  const { body } = await app.post("/api/v1/session/passkey-options", {}, ada);
  const passkey = adas.sign(body.options);
  expect((await app.post("/api/v1/session/step-up", { passkey }, ada)).status).toBe(200);
});

test("A passkey cannot be registered under the id of another user's, or with another session's challenge", async ({
  app,
}) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const adas = await addPasskey(app, ada);
  await Promise.all([app.stepUp(ada), app.stepUp(eve)]);
  const optionsOf = async (person: Person): Promise<string> =>
    (await app.post("/api/v1/second-factors/passkey-options", {}, person)).body.options;
  const add = (person: Person, passkey: string) =>
    app.post("/api/v1/second-factors/passkeys", { name: "Mine", passkey }, person);
  const reason = async (answer: ReturnType<typeof add>) => (await answer).body.error?.reason;

  const own = softwarePasskey(app.url);
  const taken = own.register(await optionsOf(eve), { id: adas.id });
  expect(await reason(add(eve, taken))).toBe("passkey_invalid");
  const foreign = own.register(await optionsOf(ada));
  await optionsOf(eve);
  expect(await reason(add(eve, foreign))).toBe("passkey_invalid");
  const elsewhere = own.register(await optionsOf(eve), { origin: "https://evil.example" });
  expect(await reason(add(eve, elsewhere))).toBe("passkey_invalid");
  const good = own.register(await optionsOf(eve));
  expect((await add(eve, good)).status).toBe(200);
  expect(await reason(add(eve, good))).toBe("passkey_invalid");
});

test("A passkey's challenge is answered once, in time, in its browser, for what it was made, and for our own site", async ({
  app,
}) => {
  const ada = await app.signUp();
  const passkey = await addPasskey(app, ada);
  const refused = async (answer: ReturnType<typeof logInBy>) =>
    expect((await answer).status).toBe(401);

  const used = await askToLogIn(app);
  const signed = passkey.sign(used.options);
  expect((await logInBy(app, used.cookie, signed)).status).toBe(200);
  await refused(logInBy(app, used.cookie, signed));

  const [one, other] = [await askToLogIn(app), await askToLogIn(app)];
  await refused(logInBy(app, other.cookie, passkey.sign(one.options)));
  await refused(logInBy(app, "", passkey.sign(one.options)));

  const late = await askToLogIn(app);
  await app.query("update passkey_challenges set expires_at = now()");
  await refused(logInBy(app, late.cookie, passkey.sign(late.options)));

  const phished = await askToLogIn(app);
  const origin = "https://evil.example";
  await refused(logInBy(app, phished.cookie, passkey.sign(phished.options, { origin })));

  const begun = await beginLogIn(app, ada);
  const second = passkey.sign(await secondStepOptions(app, begun.cookie));
  await refused(logInBy(app, begun.cookie, second));

  const { body } = await app.post("/api/v1/session/passkey-options", {}, ada);
  const stepUp = await askToLogIn(app);
  await refused(logInBy(app, stepUp.cookie, passkey.sign(body.options)));

  const both = await askToLogIn(app);
  const twice = passkey.sign(both.options);
  const answers = await Promise.all([1, 2].map(() => logInBy(app, both.cookie, twice)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
});

test("A passkey whose counter does not rise is refused, as it may be a copy", async ({ app }) => {
  const ada = await app.signUp();
  const passkey = await addPasskey(app, ada);
  const logIn = async (counter: number) => {
    const { options, cookie } = await askToLogIn(app);
    return (await logInBy(app, cookie, passkey.sign(options, { counter }))).status;
  };
  expect([await logIn(5), await logIn(5), await logIn(4), await logIn(6)]).toEqual([
    200, 401, 401, 200,
  ]);
});

test("A passkey that is removed opens nothing, and only its user removes it", async ({ app }) => {
  const [ada, eve] = [await app.signUp(), await app.signUp()];
  const passkey = await addPasskey(app, ada);
  const remove = async (person: Person) => {
    await app.stepUp(person);
    const response = await fetch(`${app.url}/api/v1/second-factors/passkeys/${passkey.id}`, {
      method: "DELETE",
      headers: { cookie: person.cookie },
    });
    return response.status;
  };
  expect(await remove(eve)).toBe(404);
  expect((await app.get("/api/v1/second-factors", ada)).passkeys).toHaveLength(1);
  expect(await remove(ada)).toBe(200);
  const { options, cookie } = await askToLogIn(app);
  expect((await logInBy(app, cookie, passkey.sign(options))).status).toBe(401);
  expect((await beginLogIn(app, ada)).body).not.toHaveProperty("secondStep");
});

test("Whatever is sent as a passkey is refused without an error of ours", async ({ app }) => {
  const ada = await app.signUp();
  await addPasskey(app, ada);
  for (const sent of ["{", "null", "[]", "{}", '{"id":"x"}', "x".repeat(16_000)]) {
    const { cookie } = await askToLogIn(app);
    expect((await logInBy(app, cookie, sent)).status).toBe(401);
    const answer = await app.post(
      "/api/v1/second-factors/passkeys",
      { name: "x", passkey: sent },
      ada,
    );
    expect(answer.body.error.reason).toBe("passkey_invalid");
  }
});
