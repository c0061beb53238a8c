import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";
import { deleteTransactions } from "../support/rows.ts";

const test = testWithApp();
let ada: TestUser;
let eve: TestUser;
let accounts: { id: string; name: string }[];
test.beforeAll(async ({ app }) => {
  [ada, eve] = [await app.signUp("cfo"), await app.signUp("cfo")];
  for (const user of [ada, eve]) {
    await app.post("/plaid/exchange-token", { public_token: await app.publicToken() }, user);
  }
  accounts = (await app.query("select id, name from accounts where user_id = $1 order by name", [
    ada.id,
  ])) as typeof accounts;
});

/** Adds `count` transactions over 200 days to an account: two of three are money out. */
const fill = (app: TestApp, account: { id: string } | undefined, count: number, word = "Coffee") =>
  app.query(
    `insert into transactions (user_id, id, account_id, date, amount, currency, name, merchant,
       category, pending)
     select a.user_id, md5($3) || n, a.id, '2026-06-30'::date - (n % 200),
       case when n % 3 = 0 then -1 else 1 end * (n % 97), 'USD', $3 || ' ' || n, null,
       case when n % 2 = 0 then 'FOOD_AND_DRINK' else 'TRAVEL' end, false
     from accounts a, generate_series(1, $2::int) n where a.id = $1`,
    [account?.id, count, word],
  );

async function file(app: TestApp, query: string, user: TestUser | null = ada) {
  const response = await fetch(`${app.url}/settings/export/transactions.csv${query}`, {
    redirect: "manual",
    ...(user ? { headers: { cookie: user.cookie } } : {}),
  });
  const text = await response.text();
  const [header, ...lines] = text.trim().split("\r\n");
  return { response, text, header, rows: lines.map((line) => line.split(",")) };
}

test("The transactions file has exactly the rows of the page with the same filters, over several pages", async ({
  app,
}) => {
  await deleteTransactions(app, ada);
  await fill(app, accounts[0], 2_500);
  await fill(app, accounts[1], 1_200, "Rent");
  const [account] = accounts;
  const days = "from=2026-02-01&to=2026-06-15";
  for (const [query, where] of [
    ["", "true"],
    [`?account=${account?.id}`, `account_id = '${account?.id}'`],
    [
      `?search=coffee+1&account=${account?.id}&${days}&min=-50&max=-2.5&category=TRAVEL`,
      `account_id = '${account?.id}' and name ilike '%coffee 1%' and amount between 2.5 and 50
         and date between '2026-02-01' and '2026-06-15' and category = 'TRAVEL'`,
    ],
    ["?min=1", "amount <= -1"],
  ] as const) {
    const expected = await app.query(
      `select date::text, (-amount)::float8 amount, name from transactions
       where user_id = $1 and ${where} order by transactions.date desc, id`,
      [ada.id],
    );
    expect(expected.length).toBeGreaterThan(60);
    const { response, header, rows } = await file(app, query);
    expect(response.status).toBe(200);
    expect(header).toBe("date,bank,account,mask,amount,currency,name,merchant,category,pending");
    const got = rows.map(([date, , , , amount, , name]) => ({
      date,
      amount: +(amount ?? ""),
      name,
    }));
    expect(got).toEqual(expected.map((row) => ({ ...row, amount: row.amount + 0 })));
    expect(rows.every(([, bank]) => bank === "First Platypus Bank")).toBe(true);
  }
  const today = () => new Date().toISOString().slice(0, 10);
  const before = today();
  const { response: result } = await file(app, "?min=1");
  // Midnight may pass meanwhile.
  expect(
    [before, today()].map((day) => `attachment; filename="fiscility-${day}-transactions.csv"`),
  ).toContain(result.headers.get("content-disposition"));
  expect(result.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(result.headers.get("cache-control")).toContain("no-store");
});

test("The transactions file has only its header for another user's account, and needs a session", async ({
  app,
}) => {
  const foreign = await file(app, `?account=${accounts[0]?.id}`, eve);
  expect([foreign.response.status, foreign.rows]).toEqual([200, []]);
  const nobody = await file(app, "?min=-50", null);
  expect(nobody.response.status).toBe(302);
  expect(nobody.response.headers.get("location")).toBe("/login?next=%2Ftransactions%3Fmin%3D-50");
});

test.for([
  "from=yesterday",
  "to=2026-02-30",
  "min=lots",
  "account=1",
  "category=%3Cb%3E",
  "search=%00",
])(
  "The transactions file rejects %s with a 400 that says what is wrong",
  async (query, { app }) => {
    const { response, text } = await file(app, `?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-disposition")).toBeNull();
    expect(text).toContain("These filters do not fit. Days are written as 2026-01-31");
  },
);

test("The transactions file is read as fast as its reader takes it", async ({ app }) => {
  // More than the socket buffers of both sides hold.
  const long = "x".repeat(1_000);
  for (const each of ["a", "b", "c", "d", "e", "f"])
    await fill(app, accounts[2], 5_000, long + each);
  const count = await new Promise<number>((resolve, reject) => {
    const sent = request(
      `${app.url}/settings/export/transactions.csv?account=${accounts[2]?.id}`,
      { headers: { cookie: ada.cookie } },
      async (response) => {
        response.pause();
        await pause(4_000);
        await deleteTransactions(app, ada);
        let lines = 0;
        response.on("data", (part: Buffer) => {
          lines += part.toString("latin1").split("\r\n").length - 1;
        });
        response.on("end", () => resolve(lines));
        response.on("error", reject);
        response.resume();
      },
    );
    sent.on("error", reject);
    sent.end();
  });
  expect(count).toBeGreaterThan(1_000);
  expect(count).toBeLessThan(20_000);
});
