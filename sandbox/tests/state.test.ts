import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PlaidApi, Products } from "plaid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSandbox } from "../src/index.ts";
import {
  connect,
  control,
  failure,
  KIND,
  LINK_TOKEN_REQUEST,
  plaidClient,
} from "./support/client.ts";
import { goThroughLink } from "./support/link-steps.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plaid-sandbox-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface ControlItem {
  item_id: string;
  access_token_issued: boolean;
  removed: boolean;
  error: string | null;
  accounts: { account_id: string; persistent_account_id: string | null; mask: string | null }[];
}
const items = async (url: string) =>
  (await control<{ items: ControlItem[] }>(url, "GET", "items")).items;

async function accountsOf(plaid: PlaidApi, username: string, institution_id = "ins_109512") {
  const { access_token } = await connect(plaid, institution_id, { username });
  return (await plaid.accountsGet({ access_token })).data.accounts;
}

test("A holder connected twice has the same accounts under new account_ids, and another holder has others", async () => {
  const sandbox = await startSandbox(KIND);
  const plaid = plaidClient(sandbox.url);
  const real = (accounts: Awaited<ReturnType<typeof accountsOf>>) =>
    accounts.map(({ account_id, ...rest }) => rest);
  const [first, second] = [
    await accountsOf(plaid, "user_good"),
    await accountsOf(plaid, "user_good"),
  ];
  expect(real(first)).toEqual(real(second));
  expect(first[0]?.account_id).not.toBe(second[0]?.account_id);
  const other = await accountsOf(plaid, "user_good2");
  expect(other.map(({ mask }) => mask)).not.toEqual(first.map(({ mask }) => mask));
  await sandbox.close();
});

/** Connects by Link only the first account. */
async function connectOneAccount(plaid: PlaidApi, url: string, institution_id: string) {
  const { link_token } = (await plaid.linkTokenCreate(LINK_TOKEN_REQUEST)).data;
  const { connected } = await goThroughLink(url, link_token, { institution_id, chosen: [0] });
  const { public_token } = connected;
  return (await plaid.itemPublicTokenExchange({ public_token })).data;
}

test.each(["ins_56", "ins_13", "ins_15", "ins_11"])(
  "A second Item of a holder at %s ends the first's log-in, and another holder's does not",
  async (institution_id) => {
    const sandbox = await startSandbox(KIND);
    const plaid = plaidClient(sandbox.url);
    const stranger = await connect(plaidClient(sandbox.url, "another-client"), institution_id);
    const first = await connect(plaid, institution_id);
    await plaid.accountsGet(pick(first));
    const second = await connectOneAccount(plaid, sandbox.url, institution_id);
    expect((await failure(plaid.accountsGet(pick(first)))).error_code).toBe("ITEM_LOGIN_REQUIRED");
    await connect(plaid, institution_id, { username: "somebody_else" });
    await plaid.accountsGet(pick(second));
    await plaidClient(sandbox.url, "another-client").accountsGet(pick(stranger));
    await sandbox.close();
  },
);

test.each(["ins_56", "ins_13", "ins_127287"])(
  "A bank that tokenizes (%s) has one persistent_account_id for two Items, and two account numbers",
  async (institution_id) => {
    const sandbox = await startSandbox({ ...KIND, newItemInvalidatesOld: false });
    const plaid = plaidClient(sandbox.url);
    const [first, second] = [
      await connect(plaid, institution_id),
      await connect(plaid, institution_id),
    ];
    const persistent = async (item: { access_token: string }) =>
      (await plaid.accountsGet(pick(item))).data.accounts.map(
        ({ type, persistent_account_id }) => ({ type, persistent_account_id }),
      );
    const ids = await persistent(first);
    expect(await persistent(second)).toEqual(ids);
    for (const { type, persistent_account_id } of ids)
      expect(typeof persistent_account_id).toBe(type === "depository" ? "string" : "undefined");
    const number = async (item: { access_token: string }) =>
      (await plaid.authGet(pick(item))).data.numbers.ach[0];
    expect((await number(first))?.is_tokenized_account_number).toBe(true);
    expect((await number(first))?.account).not.toBe((await number(second))?.account);
    await sandbox.close();
  },
);

test("newItemInvalidatesOld: false keeps the first Item connected", async () => {
  const sandbox = await startSandbox({ ...KIND, newItemInvalidatesOld: false });
  const plaid = plaidClient(sandbox.url);
  const first = await connect(plaid, "ins_56");
  await connectOneAccount(plaid, sandbox.url, "ins_56");
  await plaid.accountsGet(pick(first));
  await sandbox.close();
});

test("A second Item with exactly the same accounts keeps the first connected at Chase and PNC only", async () => {
  const sandbox = await startSandbox(KIND);
  const plaid = plaidClient(sandbox.url);
  const isBroken = async (institution_id: string) => {
    const first = await connect(plaid, institution_id);
    await connect(plaid, institution_id);
    return plaid.accountsGet(pick(first)).then(
      () => false,
      () => true,
    );
  };
  expect(await isBroken("ins_56")).toBe(false);
  expect(await isBroken("ins_13")).toBe(false);
  expect(await isBroken("ins_15")).toBe(true);
  expect(await isBroken("ins_11")).toBe(true);
  await sandbox.close();
});

test("Two runs with one seed are the same, token for token", async () => {
  const run = async () => {
    const sandbox = await startSandbox({ ...KIND, seed: 42 });
    const plaid = plaidClient(sandbox.url);
    const item = await connect(plaid);
    const { next_cursor, added } = (await plaid.transactionsSync({ ...pick(item), count: 50 }))
      .data;
    const { request_id, ...tokens } = item as typeof item & { request_id: string };
    await sandbox.close();
    return { tokens, next_cursor, added };
  };
  expect(await run()).toEqual(await run());
});

test("A restart with a data file loses nothing and repeats no id", async () => {
  const dataFile = join(folder, "deep", "state.json");
  const before = await startSandbox({ ...KIND, dataFile, seed: 5 });
  const plaid = plaidClient(before.url);
  const { access_token, item_id } = await connect(plaid);
  const { link_token } = (await plaid.linkTokenCreate(LINK_TOKEN_REQUEST)).data;
  const history = (await plaid.transactionsSync({ access_token, count: 500 })).data;
  await plaid.transactionsRefresh({ access_token });
  await before.close();

  const after = await startSandbox({ ...KIND, dataFile, seed: 5 });
  const again = plaidClient(after.url);
  expect((await again.itemGet({ access_token })).data.item.item_id).toBe(item_id);
  expect((await again.linkTokenGet({ link_token })).data.link_token).toBe(link_token);
  const restarted = (await again.transactionsSync({ access_token, count: 500 })).data;
  expect(restarted.added).toEqual(history.added);
  expect((await connect(again)).item_id).not.toBe(item_id);
  expect(await items(after.url)).toHaveLength(2);
  await after.close();
});

test("A killed sandbox continues where it was", async () => {
  const probe = await startSandbox(KIND);
  await probe.close();
  const dataFile = join(folder, "killed.json");
  const first = run("--port", String(probe.port), "--data", dataFile);
  await first.says(`http://localhost:${probe.port}`);
  const plaid = plaidClient(probe.url);
  const { access_token, item_id } = await connect(plaid);
  const kept = () => (existsSync(dataFile) ? readFileSync(dataFile, "utf8") : "");
  await expect.poll(() => kept().includes(access_token)).toBe(true);
  first.stop("SIGKILL");
  await first.exit;
  const second = run("--port", String(probe.port), "--data", dataFile);
  await second.says(`http://localhost:${probe.port}`);
  expect((await plaid.itemGet({ access_token })).data.item.item_id).toBe(item_id);
  second.stop();
  expect(await second.exit).toBe(0);
});

test("A foreign data file stops the start with its name", async () => {
  const dataFile = join(folder, "foreign.json");
  writeFileSync(dataFile, '{"hello":1}');
  await expect(startSandbox({ ...KIND, dataFile })).rejects.toThrow(
    `${dataFile} is not a state file`,
  );
  expect(readFileSync(dataFile, "utf8")).toBe('{"hello":1}');
});

test("/_control/items lists every Item ever made, issued or not, removed or not, and no token", async () => {
  const sandbox = await startSandbox(KIND);
  const plaid = plaidClient(sandbox.url);
  const request = { institution_id: "ins_56", initial_products: [Products.Auth] };
  await plaid.sandboxPublicTokenCreate(request);
  const { access_token } = await connect(plaid);
  await plaid.itemRemove({ access_token });
  const listed = await items(sandbox.url);
  expect(listed).toMatchObject([
    { institution_id: "ins_56", access_token_issued: false, removed: false, removed_at: null },
    {
      institution_id: "ins_109508",
      access_token_issued: true,
      removed: true,
      username: "user_good",
    },
  ]);
  expect(listed[0]?.accounts[0]).toMatchObject({ name: "Everyday Checking", subtype: "checking" });
  expect(JSON.stringify(listed)).not.toMatch(/(access|public|link)-sandbox-/);
  await control(sandbox.url, "POST", "reset");
  expect(await items(sandbox.url)).toEqual([]);
  expect((await failure(plaid.itemGet({ access_token }))).error_code).toBe("INVALID_ACCESS_TOKEN");
  await sandbox.close();
});

test("startSandbox rejects with EADDRINUSE when the port is taken", async () => {
  const sandbox = await startSandbox(KIND);
  await expect(startSandbox({ ...KIND, port: sandbox.port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
  await sandbox.close();
});

test("The host localhost listens on both loopback addresses", async () => {
  const sandbox = await startSandbox({ ...KIND, host: "localhost" });
  expect(sandbox.url).toBe(`http://localhost:${sandbox.port}`);
  expect((await fetch(`http://127.0.0.1:${sandbox.port}/_control/items`)).status).toBe(200);
  expect((await fetch(`http://[::1]:${sandbox.port}/_control/items`)).status).toBe(200);
  await sandbox.close();
});

test("The command accepts --port, prints its address, rejects unknown options, and stops on Ctrl-C", async () => {
  const probe = await startSandbox(KIND);
  await probe.close();
  const good = run("--port", String(probe.port), "--memory");
  // At once, because each takes long to start.
  const unknown = run("--memory", "--set", "speed=9");
  const nonsense = run("--port", "many");
  const help = run("--help");
  await good.says(`http://localhost:${probe.port}`);
  expect((await fetch(`${probe.url}/_control/items`)).status).toBe(200);
  const taken = run("--port", String(probe.port), "--memory");
  expect(await taken.exit).toBe(1);
  expect(taken.output()).toContain("EADDRINUSE");
  good.stop();
  expect(await good.exit).toBe(0);
  expect(await unknown.exit).toBe(1);
  expect(unknown.output()).toContain("--set speed: unknown; known: rate_limits");
  expect(await nonsense.exit).toBe(1);
  expect(nonsense.output()).toContain('--port must be a whole number, got "many"');
  expect(await help.exit).toBe(0);
  expect(help.output()).toContain("--webhook-host backend:8080");
});

function pick({ access_token }: { access_token: string }) {
  return { access_token };
}

function run(...args: string[]) {
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      text += chunk;
    });
  }
  return {
    output: () => text,
    exit: new Promise<number | null>((resolve) => child.on("exit", resolve)),
    stop: (signal: NodeJS.Signals = "SIGINT") => child.kill(signal),
    async says(words: string) {
      while (!text.includes(words)) {
        if (child.exitCode !== null) throw new Error(`it stopped: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
