import { CountryCode, type PlaidApi, Products } from "plaid";
import type { Browser, Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import type { RunningSandbox } from "../src/index.ts";
import { plaidErrorCodes } from "../src/plaid/plaid-error.ts";
import { launchBrowser } from "./support/browser.ts";
import { connect, control, failure, KIND, LINK_TOKEN_REQUEST } from "./support/client.ts";
import { testWithSandbox } from "./support/fixtures.ts";
import { call, type HostPage, startHostPage } from "./support/host-page.ts";
import { goThroughLink, linkStep } from "./support/link-steps.ts";

const test = testWithSandbox({ ...KIND, seed: 23 });

test.beforeEach(({ sandbox }) => control(sandbox.url, "POST", "reset"));

const country_codes = [CountryCode.Us];
async function linkToken(plaid: PlaidApi, extra: object = {}): Promise<string> {
  return (await plaid.linkTokenCreate({ ...LINK_TOKEN_REQUEST, ...extra })).data.link_token;
}
async function offeredBanks(
  sandbox: RunningSandbox,
  plaid: PlaidApi,
  products: Products[],
): Promise<string[]> {
  const { institutions } = await linkStep(sandbox.url, "start", {
    link_token: await linkToken(plaid, { products }),
  });
  return institutions.map(({ institution_id }: { institution_id: string }) => institution_id);
}
async function exchange(plaid: PlaidApi, public_token: string): Promise<string> {
  return (await plaid.itemPublicTokenExchange({ public_token })).data.access_token;
}
async function item(
  plaid: PlaidApi,
  institution_id: string,
  products: Products[],
): Promise<string> {
  const request = { institution_id, initial_products: products };
  return exchange(plaid, (await plaid.sandboxPublicTokenCreate(request)).data.public_token);
}

test("Banks without transactions are hidden in Link with transactions, and refuse them", async ({
  sandbox,
  plaid,
}) => {
  const shown = await offeredBanks(sandbox, plaid, [Products.Transactions]);
  for (const [institution_id, product] of [
    ["ins_900007", Products.Investments],
    ["ins_900008", Products.Liabilities],
    ["ins_900009", Products.Liabilities],
  ] as const) {
    expect(shown).not.toContain(institution_id);
    expect(await offeredBanks(sandbox, plaid, [product])).toContain(institution_id);
    const access_token = await item(plaid, institution_id, [product]);
    const refused = await failure(plaid.transactionsSync({ access_token }));
    expect(refused.error_code).toBe("PRODUCTS_NOT_SUPPORTED");
    const request = { institution_id, initial_products: [Products.Transactions] };
    expect((await failure(plaid.sandboxPublicTokenCreate(request))).error_code).toBe(
      "PRODUCTS_NOT_SUPPORTED",
    );
  }
});

test("A bank that Plaid dropped is not listed, and its Items return INSTITUTION_NO_LONGER_SUPPORTED", async ({
  sandbox,
  plaid,
}) => {
  const institution_id = "ins_900010";
  const { institutions } = (await plaid.institutionsGet({ count: 500, offset: 0, country_codes }))
    .data;
  expect(institutions.map((bank) => bank.institution_id)).not.toContain(institution_id);
  expect(
    (await failure(plaid.institutionsGetById({ institution_id, country_codes }))).error_code,
  ).toBe("INVALID_INSTITUTION");
  const access_token = await item(plaid, institution_id, [Products.Transactions]);
  expect((await failure(plaid.accountsGet({ access_token }))).error_code).toBe(
    "INSTITUTION_NO_LONGER_SUPPORTED",
  );
  const link_token = await linkToken(plaid, { access_token, products: [] });
  const started = await linkStep(sandbox.url, "start", { link_token });
  expect(started.error.error_code).toBe("INSTITUTION_NO_LONGER_SUPPORTED");
});

test("A bank with a new institution_id keeps its accounts, and update mode moves its Item there", async ({
  sandbox,
  plaid,
}) => {
  const facts = async (access_token: string) =>
    (await plaid.accountsGet({ access_token })).data.accounts.map(({ name, mask, balances }) => ({
      name,
      mask,
      balances,
    }));
  const [before, after] = ["ins_900012", "ins_900013"];
  const access_token = await item(plaid, before, [Products.Transactions]);
  const elsewhere = await item(plaid, after, [Products.Transactions]);
  expect(await facts(elsewhere)).toEqual(await facts(access_token));
  const banks = await offeredBanks(sandbox, plaid, [Products.Transactions]);
  expect(banks).toContain(after);
  expect(banks).not.toContain(before);
  const ids = (await plaid.accountsGet({ access_token })).data.accounts.map(
    (one) => one.account_id,
  );

  const link_token = await linkToken(plaid, { access_token, products: [] });
  const { started } = await goThroughLink(sandbox.url, link_token);
  expect(started.institution).toMatchObject({ institution_id: after, oauth: true });
  const { item: moved } = (await plaid.itemGet({ access_token })).data;
  expect(moved.institution_id).toBe(after);
  const kept = (await plaid.accountsGet({ access_token })).data.accounts;
  expect(kept.map(({ account_id }) => account_id)).toEqual(ids);
});

test("A bank with 60 accounts shows and shares them all", async ({ sandbox, plaid }) => {
  const { offered, connected } = await goThroughLink(sandbox.url, await linkToken(plaid), {
    institution_id: "ins_900014",
  });
  expect(offered.accounts).toHaveLength(60);
  const access_token = await exchange(plaid, connected.public_token);
  expect((await plaid.accountsGet({ access_token })).data.accounts).toHaveLength(60);
});

test.for([
  ["user_transactions_dynamic", 4],
  ["user_ewa_user", 1],
  ["user_yuppie", 3],
  ["user_small_business", 3],
  ["user_bank_income", 1],
  ["user_credit_bonus", 1],
  ["user_credit_joint_account", 1],
  ["user_credit_profile_poor", 1],
  ["user_credit_profile_good", 1],
  ["user_credit_profile_excellent", 1],
] as const)(
  "%s logs in with any password and has transactions of their own",
  async ([username, accounts], { plaid }) => {
    const password = "whatever";
    const { access_token } = await connect(plaid, "ins_109508", { username, password });
    expect((await plaid.accountsGet({ access_token })).data.accounts).toHaveLength(accounts);
    const { added } = (await plaid.transactionsSync({ access_token, count: 500 })).data;
    expect(added.length).toBeGreaterThan(100);
    const merchants: Record<string, string> = {
      user_ewa_user: "PAYDAY NOW ADVANCE",
      user_yuppie: "MAISON VERTE",
      user_small_business: "MERCHANT DEPOSIT CARD SALES",
      user_bank_income: "STATE UI BENEFIT",
      user_credit_bonus: "NORTHWIND BONUS",
      user_credit_joint_account: "HARBOR CLINIC PAYROLL",
      user_credit_profile_poor: "COURIER LOOP PAYOUT",
      user_credit_profile_good: "COURIER LOOP PAYOUT",
      user_credit_profile_excellent: "RENT FROM TENANT",
    };
    const own = merchants[username];
    if (own) expect(added.map(({ name }) => name)).toContain(own);
    const { accounts: owned } = (await plaid.identityGet({ access_token })).data;
    const owners = username === "user_credit_joint_account" ? 2 : 1;
    expect(new Set(owned[0]?.owners.flatMap(({ names }) => names)).size).toBe(owners);
  },
);

test("The credit profiles lose, keep and gain money as their names say", async ({ plaid }) => {
  const net = async (username: string) => {
    const { access_token } = await connect(plaid, "ins_109508", { username });
    let [cursor, sum] = ["", 0];
    for (let more = true; more; ) {
      const page = (await plaid.transactionsSync({ access_token, count: 500, cursor })).data;
      sum -= page.added.reduce((total, { amount }) => total + amount, 0);
      [cursor, more] = [page.next_cursor, page.has_more];
    }
    return sum / 24;
  };
  expect(await net("user_credit_profile_poor")).toBeLessThan(-200);
  expect(Math.abs(await net("user_credit_profile_good"))).toBeLessThan(400);
  expect(await net("user_credit_profile_excellent")).toBeGreaterThan(1_000);
});

/** https://plaid.com/docs/sandbox/test-credentials/#error-testing-credentials */
const DOCUMENTED_ERRORS = [
  "COUNTRY_NOT_SUPPORTED",
  "INSTITUTION_DOWN",
  "INSTITUTION_NO_LONGER_SUPPORTED",
  "INSTITUTION_NOT_AVAILABLE",
  "INSTITUTION_NOT_RESPONDING",
  "INSUFFICIENT_CREDENTIALS",
  "INTERNAL_SERVER_ERROR",
  "INVALID_CREDENTIALS",
  "INVALID_MFA",
  "INVALID_SEND_METHOD",
  "ITEM_LOCKED",
  "ITEM_NOT_SUPPORTED",
  "MFA_NOT_SUPPORTED",
  "NO_ACCOUNTS",
  "PASSWORD_RESET_REQUIRED",
  "PLAID_ERROR",
  "PRODUCTS_NOT_SUPPORTED",
  "USER_INPUT_TIMEOUT",
  "USER_SETUP_REQUIRED",
];

test("Every error code of Plaid can be requested as a password", async ({ sandbox, plaid }) => {
  for (const code of new Set([...DOCUMENTED_ERRORS, ...plaidErrorCodes()])) {
    const { link_session_id } = await linkStep(sandbox.url, "start", {
      link_token: await linkToken(plaid),
    });
    await linkStep(sandbox.url, "institution", { link_session_id, institution_id: "ins_109508" });
    const credentials = { username: "user_good", password: `error_${code}` };
    const refused = await linkStep(sandbox.url, "log-in", { link_session_id, ...credentials });
    expect(refused.error.error_code).toBe(code);
  }
});

/** Logs in. Returns the bank's MFA prompts and a function that responds to them. */
async function asked(
  sandbox: RunningSandbox,
  plaid: PlaidApi,
  password: string,
  username = "user_good",
) {
  const { link_session_id } = await linkStep(sandbox.url, "start", {
    link_token: await linkToken(plaid),
  });
  await linkStep(sandbox.url, "institution", { link_session_id, institution_id: "ins_109508" });
  const first = await linkStep(sandbox.url, "log-in", { link_session_id, username, password });
  const answer = (...answers: string[]) =>
    linkStep(sandbox.url, "answers", { link_session_id, answers });
  return { first, answer };
}

test("The passwords mfa_device, mfa_questions and mfa_selections prompt for a code, texts and choices", async ({
  sandbox,
  plaid,
}) => {
  const device = await asked(sandbox, plaid, "mfa_device");
  expect(device.first.outcome).toBe("code");
  expect((await device.answer("1234")).outcome).toBe("accounts");

  const questions = await asked(sandbox, plaid, "mfa_questions_2_3");
  expect(questions.first).toMatchObject({ outcome: "questions", kind: "questions" });
  expect(questions.first.questions).toHaveLength(3);
  expect((await questions.answer("answer_0_0", "answer_0_1", "x")).error.error_code).toBe(
    "INVALID_MFA",
  );
  expect((await questions.answer("answer_0_0", "answer_0_1", "answer_0_2")).outcome).toBe(
    "questions",
  );
  expect((await questions.answer("answer_1_0", "answer_1_1", "answer_1_2")).outcome).toBe(
    "accounts",
  );

  const simple = await asked(sandbox, plaid, "mfa_selections");
  expect(simple.first.questions).toMatchObject([{ options: ["Yes", "No"] }]);
  expect((await simple.answer("Yes")).outcome).toBe("accounts");
  const selections = await asked(sandbox, plaid, "mfa_selections_1_2_3");
  expect(selections.first.questions[0].options).toHaveLength(3);
  expect((await selections.answer("answer_1_1_0", "answer_1_2_0")).outcome).toBe("accounts");
});

test("A recaptcha password decides whether the recaptcha is good or bad", async ({
  sandbox,
  plaid,
}) => {
  expect((await asked(sandbox, plaid, '{"recaptcha":"bad"}')).first.error.error_code).toBe(
    "RECAPTCHA_BAD",
  );
  expect((await asked(sandbox, plaid, '{"recaptcha":"good"}')).first.outcome).toBe("accounts");
});

const custom = (configuration: object) => ({
  username: "user_custom",
  password: JSON.stringify(configuration),
});

test("user_custom has generated accounts when its configuration is empty or all null", async ({
  plaid,
}) => {
  const empty = await connect(plaid, "ins_109508", custom({}));
  const { access_token } = empty;
  expect((await plaid.accountsGet({ access_token })).data.accounts.length).toBeGreaterThan(1);
  const blank = { version: null, seed: null, override_accounts: null, mfa: null };
  await connect(plaid, "ins_109508", custom(blank));
});

test("user_custom has the given balances, numbers, identity and inflow", async ({ plaid }) => {
  const { access_token } = await connect(
    plaid,
    "ins_109508",
    custom({
      override_accounts: [
        {
          type: "depository",
          subtype: "checking",
          starting_balance: 100,
          force_available_balance: 42,
          numbers: { account: "1111222233330000", ach_routing: "011401533" },
          identity: {
            names: ["Leslie Knope"],
            emails: [{ data: "leslie@pawnee.example", primary: true, type: "primary" }],
            addresses: [{ primary: true, data: { street: "1 Main St", city: "Pawnee" } }],
          },
          transactions: [],
          inflow_model: {
            type: "monthly-income",
            income_amount: 2500,
            payment_day_of_month: "last",
            transaction_name: "PARKS DEPT",
          },
        },
        { type: "depository", subtype: "savings", has_null_available_balance: true },
      ],
    }),
  );
  const { accounts } = (await plaid.accountsGet({ access_token })).data;
  expect(accounts.map(({ balances }) => [balances.available, balances.current])).toEqual([
    [42, 100],
    [null, 0],
  ]);
  expect((await plaid.authGet({ access_token })).data.numbers.ach[0]).toMatchObject({
    account: "1111222233330000",
    routing: "011401533",
  });
  const [owner] = (await plaid.identityGet({ access_token })).data.accounts[0]?.owners ?? [];
  expect(owner).toMatchObject({
    names: ["Leslie Knope"],
    emails: [{ data: "leslie@pawnee.example" }],
    addresses: [{ data: { street: "1 Main St", city: "Pawnee", country: null } }],
  });
  const { added } = (await plaid.transactionsSync({ access_token, count: 500 })).data;
  const income = added.filter(({ name }) => name === "PARKS DEPT");
  expect(income.length).toBeGreaterThanOrEqual(2);
  for (const { amount, date } of income) {
    expect(amount).toBe(-2500);
    expect(new Date(Date.parse(date) + 86_400_000).getUTCDate()).toBe(1);
  }
});

test("user_custom has the given currencies, meta and numbers of every scheme", async ({
  plaid,
}) => {
  const account = (currency: string, numbers: object) => ({
    type: "depository",
    subtype: "checking",
    currency,
    numbers,
    meta: { name: `In ${currency}`, official_name: "Official", mask: "8888", limit: 500 },
  });
  const { access_token } = await connect(
    plaid,
    "ins_109508",
    custom({
      override_accounts: [
        account("USD", { account: "11", ach_routing: "22", ach_wire_routing: "33" }),
        account("CAD", { account: "44", eft_institution: "555", eft_branch: "66666" }),
        account("EUR", { international_bic: "BIC7", international_iban: "IBAN8" }),
        account("GBP", { account: "99", bacs_sort_code: "101010" }),
      ],
    }),
  );
  const { accounts, numbers } = (await plaid.authGet({ access_token })).data;
  expect(accounts).toMatchObject(
    ["USD", "CAD", "EUR", "GBP"].map((currency) => ({
      name: `In ${currency}`,
      official_name: "Official",
      mask: "8888",
      balances: { limit: 500, iso_currency_code: currency },
    })),
  );
  expect(numbers).toMatchObject({
    ach: [{ account: "11", routing: "22", wire_routing: "33" }],
    eft: [{ account: "44", institution: "555", branch: "66666" }],
    international: [{ bic: "BIC7", iban: "IBAN8" }],
    bacs: [{ account: "99", sort_code: "101010" }],
  });
});

test("user_custom has the given holdings, investment transactions and liabilities", async ({
  plaid,
}) => {
  const security = { ticker_symbol: "OWLX", name: "Owl Index", cusip: "123456789" };
  const repayment = { repayment_plan_type: "income-contingent repayment", sequence_number: "7" };
  const configuration = {
    override_accounts: [
      {
        type: "investment",
        subtype: "ira",
        holdings: [{ institution_price: 12.5, quantity: 4, cost_basis: 40, security }],
        investment_transactions: [
          {
            date: "2026-06-01",
            name: "Bought",
            quantity: 4,
            price: 10,
            fees: 1,
            type: "buy",
            security,
          },
        ],
      },
      {
        type: "credit",
        subtype: "credit card",
        starting_balance: 300,
        liability: {
          type: "credit",
          purchase_apr: 19.5,
          cash_apr: 29,
          balance_transfer_apr: 9,
          special_apr: 3,
          last_payment_amount: 55,
          minimum_payment_amount: 35,
          is_overdue: true,
        },
      },
      {
        type: "loan",
        subtype: "student",
        liability: {
          type: "student",
          principal: 9_000,
          nominal_apr: 4.5,
          origination_date: "2020-01-02",
          expected_payoff_date: "2031-01-02",
          guarantor: "GUARANTOR",
          loan_name: "Study loan",
          loan_status: { type: "deferment", end_date: "2027-01-01" },
          payment_reference_number: "REF1",
          pslf_status: { payments_made: 3, payments_remaining: 117 },
          repayment_plan_description: "By income",
          ...repayment,
          servicer_address: { data: { city: "Pawnee" } },
        },
      },
    ],
  };
  const { public_token } = (
    await plaid.sandboxPublicTokenCreate({
      institution_id: "ins_109511",
      initial_products: [Products.Investments, Products.Liabilities],
      options: {
        override_username: "user_custom",
        override_password: JSON.stringify(configuration),
      },
    })
  ).data;
  const access_token = await exchange(plaid, public_token);
  const held = (await plaid.investmentsHoldingsGet({ access_token })).data;
  expect(held.holdings).toMatchObject([
    { institution_price: 12.5, quantity: 4, cost_basis: 40, institution_value: 50 },
  ]);
  expect(held.securities).toMatchObject([security]);
  const moved = await plaid.investmentsTransactionsGet({
    access_token,
    start_date: "2026-01-01",
    end_date: "2026-12-31",
  });
  expect(moved.data.investment_transactions).toMatchObject([
    { date: "2026-06-01", name: "Bought", quantity: 4, price: 10, fees: 1, type: "buy" },
  ]);
  const { credit, student } = (await plaid.liabilitiesGet({ access_token })).data.liabilities;
  expect(credit).toMatchObject([
    { last_payment_amount: 55, minimum_payment_amount: 35, is_overdue: true },
  ]);
  expect(credit?.[0]?.aprs.map(({ apr_percentage }) => apr_percentage)).toEqual([19.5, 29, 9, 3]);
  expect(student).toMatchObject([
    {
      origination_principal_amount: 9_000,
      interest_rate_percentage: 4.5,
      origination_date: "2020-01-02",
      expected_payoff_date: "2031-01-02",
      guarantor: "GUARANTOR",
      loan_name: "Study loan",
      loan_status: { type: "deferment", end_date: "2027-01-01" },
      payment_reference_number: "REF1",
      pslf_status: { payments_made: 3, payments_remaining: 117 },
      repayment_plan: { description: "By income", type: repayment.repayment_plan_type },
      sequence_number: "7",
      servicer_address: { city: "Pawnee", street: null },
    },
  ]);
});

test.for([
  ["monthly-balance-payment", -300],
  ["monthly-interest-only-payment", -5],
  ["none", null],
])("user_custom with an inflow of %s receives %s a month", async ([type, amount], { plaid }) => {
  const { access_token } = await connect(
    plaid,
    "ins_109508",
    custom({
      override_accounts: [
        {
          type: "credit",
          subtype: "credit card",
          starting_balance: 300,
          transactions: [],
          liability: { type: "credit", purchase_apr: 20 },
          inflow_model: { type, payment_day_of_month: 3, transaction_name: "PAID" },
        },
      ],
    }),
  );
  const { added } = (await plaid.transactionsSync({ access_token, count: 500 })).data;
  const paid = added.filter(({ name }) => name === "PAID");
  expect(new Set(paid.map((one) => one.amount))).toEqual(new Set(amount === null ? [] : [amount]));
  expect(paid.every(({ date }) => date.endsWith("-03"))).toBe(true);
});

test("user_custom is the same holder for the same seed, whatever else the configuration says", async ({
  plaid,
}) => {
  const mask = async (configuration: object) => {
    const { access_token } = await connect(plaid, "ins_109508", custom(configuration));
    return (await plaid.authGet({ access_token })).data.numbers.ach.map(({ account }) => account);
  };
  const accounts = [{ type: "depository", subtype: "checking" }];
  const first = await mask({ seed: "s1", override_accounts: accounts });
  expect(await mask({ seed: "s1", version: "2", override_accounts: accounts })).toEqual(first);
  expect(await mask({ seed: "s2", override_accounts: accounts })).not.toEqual(first);
});

test("user_custom with roll_dates_forward has its latest transaction today", async ({ plaid }) => {
  const transaction = (date: string) => ({
    date_transacted: date,
    date_posted: date,
    amount: 1,
    description: "x",
  });
  const { access_token } = await connect(
    plaid,
    "ins_109508",
    custom({
      roll_dates_forward: true,
      override_accounts: [
        {
          type: "depository",
          subtype: "checking",
          transactions: [transaction("2020-02-01"), transaction("2020-02-11")],
        },
      ],
    }),
  );
  const { added } = (await plaid.transactionsSync({ access_token })).data;
  // The seed's own day.
  expect(added.map(({ date }) => date)).toEqual(["2026-06-05", "2026-06-15"]);
});

test("user_custom's mfa, recaptcha and force_error apply in Link", async ({ sandbox, plaid }) => {
  const inLink = (configuration: object) => {
    const { username, password } = custom(configuration);
    return asked(sandbox, plaid, password, username);
  };
  const mfa = { type: "questions", question_rounds: 1, questions_per_round: 2 };
  const questions = await inLink({ mfa });
  expect((await questions.answer("answer_0_0", "answer_0_1")).outcome).toBe("accounts");
  expect((await inLink({ mfa: { type: "device" } })).first.outcome).toBe("code");
  const selection = { type: "selections", selection_rounds: 1, selections_per_question: 4 };
  const selections = await inLink({ mfa: { ...selection, questions_per_round: 1 } });
  expect(selections.first.questions).toHaveLength(1);
  expect(selections.first.questions[0].options).toHaveLength(4);
  expect((await inLink({ recaptcha: "bad" })).first.error.error_code).toBe("RECAPTCHA_BAD");
  expect((await inLink({ force_error: "ITEM_LOCKED" })).first.error.error_code).toBe("ITEM_LOCKED");
  expect((await inLink({ force_error: "OOPS" })).first.error.error_code).toBe(
    "INVALID_CREDENTIALS",
  );
});

let browser: Browser | null = null;
let host: HostPage | null = null;
afterAll(async () => {
  await browser?.close();
  host?.close();
});

/** Opens Link on a page of its own and goes to the bank's log-in. */
async function openBank(
  sandbox: RunningSandbox,
  plaid: PlaidApi,
  name: string,
  extra: object = {},
): Promise<Page> {
  browser ??= await launchBrowser();
  host ??= await startHostPage(sandbox.url);
  const page = await browser.newPage({ reducedMotion: "reduce" });
  const token = await linkToken(plaid, { redirect_uri: `${host.origin}/`, ...extra });
  await page.goto(`${host.origin}/?token=${token}`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const link = page.frameLocator("iframe");
  await link.getByRole("button", { name: "Continue" }).click();
  if (!("access_token" in extra)) {
    await link.getByRole("button", { name, exact: true }).click();
  }
  return page;
}

async function logIn(where: Page | ReturnType<Page["frameLocator"]>, password = "pass_good") {
  await where.getByRole("textbox", { name: "Username" }).fill("user_good");
  await where.getByRole("textbox", { name: "Password" }).fill(password);
  await where.getByRole("button", { name: "Log in" }).click();
}

test("An OAuth bank with a picker of its own skips Link's account picker, also in update mode", async ({
  sandbox,
  plaid,
}) => {
  const page = await openBank(sandbox, plaid, "Turnstile Bank");
  await page.frameLocator("iframe").getByRole("button", { name: "Continue" }).click();
  await logIn(page);
  await page.getByRole("checkbox").nth(4).waitFor();
  for (const box of (await page.getByRole("checkbox").all()).slice(2)) await box.uncheck();
  await page.getByRole("button", { name: "Share accounts" }).click();
  await page.waitForURL(`${host?.origin}/?**`);
  await page.getByRole("button", { name: "Connect a bank" }).click();
  const [public_token, metadata] = await call(page, "onSuccess");
  expect(metadata.accounts).toHaveLength(2);
  const access_token = await exchange(plaid, public_token);
  await page.close();

  const again = await openBank(sandbox, plaid, "Turnstile Bank", { access_token, products: [] });
  await again.frameLocator("iframe").getByRole("button", { name: "Continue" }).click();
  await logIn(again);
  await again.getByRole("checkbox").nth(4).waitFor();
  expect(await again.getByRole("checkbox", { checked: true }).count()).toBe(2);
  await again.getByRole("checkbox").nth(4).check();
  await again.getByRole("button", { name: "Share accounts" }).click();
  await again.waitForURL(`${host?.origin}/?**`);
  await again.getByRole("button", { name: "Connect a bank" }).click();
  const [, after] = await call(again, "onSuccess");
  expect(after.accounts).toHaveLength(3);
  await again.close();
});

test("Link shows the bank's MFA prompts, as text and as choices", async ({ sandbox, plaid }) => {
  for (const [password, answer] of [
    ["mfa_questions_1_2", "type"],
    ["mfa_selections", "choose"],
  ] as const) {
    const page = await openBank(sandbox, plaid, "Houndstooth Bank");
    const link = page.frameLocator("iframe");
    await logIn(link, password);
    if (answer === "type") {
      await link.getByRole("textbox", { name: "Question 1" }).fill("answer_0_0");
      await link.getByRole("textbox", { name: "Question 2" }).fill("answer_0_1");
    } else {
      await link.getByRole("radio", { name: "Yes" }).check();
    }
    await link.getByRole("button", { name: "Continue" }).click();
    await link.getByRole("button", { name: "Connect accounts" }).click();
    expect((await call(page, "onSuccess"))[0]).toMatch(/^public-sandbox-/);
    await page.close();
  }
});
