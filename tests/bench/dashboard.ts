import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { freePort } from "../../local/ports.ts";
import { launchBrowser, openPage } from "../support/browser.ts";
import { browserCookies } from "../support/test-users.ts";
import { until } from "../support/until.ts";
import { amount, type Figure, ratio } from "./figure.ts";
import { throughput } from "./load.ts";
import { startProcess } from "./node-process.ts";
import { signUp } from "./users.ts";
import type { World } from "./world.ts";

const build = path.join(import.meta.dirname, "../../build");
const banks = 5;
const accountsOfABank = 5;
const transactions = 20_000;
const loads = 9;
/** Processes of one program differ by a third on this machine, so several of each are measured. */
const pairs = 5;
const turns = 4;

/** Measures the dashboard's weight, its rendering, and how soon it can be used. */
export async function* benchDashboard(world: World): AsyncGenerator<Figure> {
  yield await weight();
  const port = await freePort();
  const own = { PORT: String(port), APP_URL: `http://localhost:${port}`, WORKER: "apart" };
  let app = await startProcess("app", { ...world.env, ...own });
  try {
    const email = `${randomUUID()}@example.com`;
    const cookie = await signUp(app.url, email);
    await fillDashboard(world.pool, email);
    const rates: Rates = { ours: [], same: [] };
    for (let pair = 0; pair < pairs; pair++) {
      const still = await startProcess("still", { ...world.env, WORKER: "apart" });
      try {
        await renderAlternately(app.url, still.url, cookie, rates);
      } finally {
        await still.stop();
      }
      await app.stop();
      app = await startProcess("app", { ...world.env, ...own });
      // A log-in slows all later work of a process, because better-auth starts async hooks.
      await signUp(app.url, `${randomUUID()}@example.com`);
    }
    yield serverRender(rates);
    yield* usable(app.url, cookie);
  } finally {
    await app.stop();
  }
}

/** What the dashboard loads before Link: the modules its route and its parents import, and this itself. */
interface Manifest {
  url: string;
  entry: { module: string; imports: string[] };
  routes: Record<string, { module: string; imports?: string[] }>;
}

async function weight(): Promise<Figure> {
  const server = (await import(path.join(build, "server/index.js"))) as { assets: Manifest };
  const { url, entry, routes } = server.assets;
  const parts = ["root", "routes/_app", "routes/_app.dashboard"].flatMap((id) => routes[id] ?? []);
  const modules = [entry, ...parts].flatMap((part) => [part.module, ...(part.imports ?? [])]);
  const files = new Set([url, ...modules]);
  const bytes = [...files].map((file) => {
    const [name = file] = file.split("?");
    return gzipSync(readFileSync(path.join(build, "client", name))).length;
  });
  return amount(
    {
      name: "the dashboard's JavaScript, gzipped",
      goal: { atMost: 130 },
      bound: "React, React DOM and Remix's router alone.",
      note: `${files.size} files. Dialogs, toasts and tRPC's client (9 kB) load after the page, Link's own script when a user connects a bank.`,
    },
    [bytes.reduce((sum, one) => sum + one, 0) / 1000],
    "kB",
  );
}

/** A user with 25 accounts in five banks and 20,000 transactions of two years. */
export async function fillDashboard(pool: World["pool"], email: string): Promise<void> {
  await pool.query(
    `with new_user as (
       update users set plan = 'cfo', email_verified = true, data_version = data_version + 1 where email = $1 returning id
     ), item as (
       insert into items (id, user_id, plaid_item_id, institution_id, institution_name, access_token_sealed)
       select gen_random_uuid(), id, id::text || n, 'ins_109508', 'Bank ' || n, 'b'
         from new_user, generate_series(1, $2::int) n returning id, user_id
     ), sync as (
       insert into item_syncs (item_id, user_id, status, synced_at, started_at, arrived)
       select id, user_id, 'done', now(), now(), $4::int / $2::int from item
     ), account as (
       insert into accounts (item_id, user_id, plaid_account_id, position, name, mask, type, subtype,
         current_balance, available_balance, currency)
       select id, user_id, id::text || n, n, 'Account ' || n, lpad(n::text, 4, '0'), 'depository',
         'checking', 1234.56 * n, 1200 * n, 'USD' from item, generate_series(1, $3::int) n
       returning id, user_id
     )
     insert into transactions (user_id, id, account_id, date, amount, currency, name, merchant, category, pending)
     select user_id, id::text || n, id, current_date - (n % 730), (n % 500)::numeric / 7, 'USD',
       'A merchant with number ' || n, 'A merchant', 'FOOD_AND_DRINK', false
     from account, generate_series(1, $4::int / ($2::int * $3::int)) n`,
    [email, banks, accountsOfABank, transactions],
  );
  await pool.query("vacuum analyze");
}

/** Whole documents a second, of the product and of the same page with nothing to load. */
interface Rates {
  ours: number[];
  same: number[];
}

/** Adds the rates of one process of each. */
async function renderAlternately(url: string, still: string, cookie: string, rates: Rates) {
  const headers = { cookie };
  const pages = [
    { url: `${url.replace("localhost", "127.0.0.1")}/dashboard`, rates: rates.ours },
    { url: `${still}/dashboard`, rates: rates.same },
  ];
  await fetch(`${still}/dashboard`, { headers });
  for (const page of pages) await throughput(page.url, headers, 8, 2_000);
  for (let turn = 0; turn < turns; turn++) {
    for (const page of pages) {
      const { answers, seconds } = await throughput(page.url, headers, 8, 500);
      page.rates.push(answers / seconds);
    }
  }
}

function serverRender({ ours, same }: Rates): Figure {
  return ratio(
    {
      goal: { atLeast: 0.75 },
      name: "server render of the dashboard, against the same page as a static Remix page",
      bound: "each request reads the session and the news of Link from PostgreSQL.",
      note: `${banks * accountsOfABank} accounts in ${banks} banks, ${transactions.toLocaleString("en")} transactions; in the static page each loader returns what it returned the first time, and only Express and Remix run, after a log-in as in the product. 8 connections, ${turns} turns in each of ${pairs} pairs of processes.`,
    },
    ours,
    same,
    "a second",
  );
}

/** In the page: `usableAt` is 0 until every bank and every button reacts, then the time in milliseconds. */
function watchUsable(banks: number): void {
  const page = Object.assign(window, { usableAt: 0 });
  const hydrated = (element: Element) =>
    Object.keys(element).some((name) => name.startsWith("__reactProps"));
  const look = () => {
    const cards = [...document.querySelectorAll("[data-item-id]")];
    const buttons = [...document.querySelectorAll("main button")];
    const there = cards.length === banks && buttons.length > 0;
    if (there && [...cards, ...buttons].every(hydrated)) page.usableAt = performance.now();
    // Not by frame: one may wait for the next half of the page.
    else setTimeout(look, 10);
  };
  look();
}

/** The time until every account is shown and the button that connects a bank reacts, and the layout shift. */
async function* usable(url: string, cookie: string): AsyncGenerator<Figure> {
  const browser = await launchBrowser();
  const seconds: number[] = [];
  const shifts: number[] = [];
  try {
    for (let load = 0; load < loads; load++) {
      const { page, layoutShift } = await openPage(browser);
      await page.context().addCookies(browserCookies(cookie, url));
      const session = await page.context().newCDPSession(page);
      await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await page.addInitScript(watchUsable, banks);
      await page.goto(`${url}/dashboard`, { waitUntil: "commit" });
      let ms = 0;
      // Over the bare protocol, because Playwright's own waiting takes a tenth of a slowed page's time.
      await until(async () => {
        const { result } = await session.send("Runtime.evaluate", { expression: "usableAt" });
        ms = result.value ?? 0;
        return ms > 0;
      });
      seconds.push(ms / 1000);
      await page.waitForLoadState("networkidle");
      shifts.push(await layoutShift());
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
  yield amount(
    {
      name: "the dashboard usable on a processor slowed 4 times",
      goal: { atMost: 1.5 },
      bound: "the time Chromium takes to parse and run React and Remix when slowed.",
      note: `${loads} loads with an empty cache, ${banks * accountsOfABank} accounts and ${transactions.toLocaleString("en")} transactions: from the navigation until every bank is shown and every button reacts.`,
    },
    seconds,
    "s",
  );
  yield {
    name: "cumulative layout shift of those loads, the largest",
    goal: { atMost: 0.02 },
    value: Math.max(...shifts),
    unit: "",
  };
}
