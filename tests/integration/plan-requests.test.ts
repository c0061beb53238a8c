import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { TestApp } from "../support/app.ts";
import { built } from "../support/built.ts";
import { testWithApp } from "../support/fixtures.ts";
import { mailTo, workFor } from "../support/mail.ts";
import { until } from "../support/until.ts";

const test = testWithApp();
const operator = "accounts@fiscility.com";

async function run(app: TestApp, name: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, DATABASE_URL: app.databaseUrl };
  const argv = [...built(name), ...args];
  return (await promisify(execFile)(process.execPath, argv, { env })).stdout;
}

test("A request for a larger plan is stored, mailed to the operator once, listed, and closed by npm run plan", async ({
  app,
}) => {
  const ada = await app.signUp("intern");
  const worker = await workFor(app);
  const send = (form: Record<string, string>) =>
    fetch(`${app.url}/settings/plan`, {
      method: "POST",
      headers: { cookie: ada.cookie, origin: app.url },
      body: new URLSearchParams(form),
      redirect: "manual",
    });
  const page = async () => {
    const response = await fetch(`${app.url}/settings/plan`, { headers: { cookie: ada.cookie } });
    return response.text();
  };
  const planId = async () => {
    const response = await fetch(`${app.url}/api/v1/plan`, { headers: { cookie: ada.cookie } });
    const { plan } = (await response.json()) as { plan: { id: string } };
    return plan.id;
  };
  try {
    expect((await send({ plan: "analyst", note: "Two more banks" })).status).toBe(302);
    expect(await page()).toContain("You asked for the Analyst plan");
    expect((await send({ plan: "cfo", note: "" })).status).toBe(302);
    const own = async () =>
      (await mailTo(app, operator)).filter((one) => one.subject.includes(ada.email));
    await until(async () => (await own()).length > 0);
    const [mail, ...others] = await own();
    expect(others).toEqual([]);
    expect(mail?.text).toContain(`npm run plan -- ${ada.email} analyst`);
    expect(mail?.text).toContain("Two more banks");

    expect(await run(app, "plan-requests")).toMatch(new RegExp(`${ada.email}  intern -> cfo`));
    expect(await planId()).toBe("intern");
    expect(await run(app, "plan", ada.email, "cfo")).toContain("is now on cfo");
    expect(await planId()).toBe("cfo");
    expect(await run(app, "plan-requests")).not.toContain(ada.email);
    expect(await page()).not.toContain("You asked for");
    // There is no larger plan.
    await send({ plan: "analyst", note: "" });
    expect(await app.query("select 1 from plan_requests where answered_at is null")).toEqual([]);
  } finally {
    await worker.stop();
  }
});
