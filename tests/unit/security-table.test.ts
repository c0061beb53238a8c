import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { endpoints } from "../../server/api/contract/endpoints.ts";

const page = readFileSync("docs/security.md", "utf8");
/** The cells of each requirement's row: an empty one, the ids, the requirement, how it is met. */
const rows = page
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

const sources = (...folders: string[]) =>
  folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => path.join(folder, name)),
  );
const holding = (folders: string[], pattern: RegExp) =>
  sources(...folders).filter((file) => pattern.test(readFileSync(file, "utf8")));

/**
 * Every requirement of levels 1 and 2 of ASVS 5.0.0, by section and number, from
 * https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv
 */
const requirements = `1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4
  3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3
  6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2
  8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1 9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5
  10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1 12.1.1-3 12.2.1-2 12.3.1-4
  13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1-1
  16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1-1 17.2.1-4 17.3.1-2`;

/** The ids in a range written as "7.2.1 to 7.2.4" or "7.2.1-4". */
function idsOf(range: string): string[] {
  const [, section, first, last] =
    /^(\d+\.\d+)\.(\d+)(?:(?:-| to \d+\.\d+\.)(\d+))?$/.exec(range) ?? [];
  if (!section) throw new Error(`${range} is not a requirement`);
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: to - from + 1 }, (_, at) => `${section}.${from + at}`);
}

test("docs/security.md has one row for every requirement of levels 1 and 2, and no other row", () => {
  const wanted = requirements.split(/\s+/).flatMap(idsOf);
  expect(wanted).toHaveLength(253);
  const had = rows
    .map(([, ids = ""]) => ids)
    .filter((ids) => !ids.endsWith("(level 3)"))
    .flatMap((ids) => ids.split(", ").flatMap(idsOf));
  expect(wanted.filter((id) => !had.includes(id))).toEqual([]);
  expect(had.toSorted()).toEqual(wanted.toSorted());
});

test("docs/security.md names only files that exist, and names one, a No or a reason in every row", () => {
  const file = /`(\w[\w.$/-]*\/[\w.$-]+\.(?:tsx?|md|json)|[\w.-]+\.(?:json|yaml)|Dockerfile)`/g;
  const named = [...page.matchAll(file)].map(([, at]) => at as string);
  expect(named.length).toBeGreaterThan(200);
  expect(named.filter((at) => !existsSync(at))).toEqual([]);
  const verdict = /\*\*No\*\*|\*\*Does not apply\*\*/;
  const bare = rows.filter(([, , , met = ""]) => !verdict.test(met) && !met.match(file));
  expect(bare).toEqual([]);
  const promised = rows.filter(([, , , met = ""]) => met.includes("note below"));
  const missing = promised.filter(([, ids]) => !page.includes(`\n- **${ids?.split(/[ ,]/)[0]}`));
  expect(missing).toEqual([]);
});

test("The code writes no raw HTML, starts no process, and makes no code or regular expression from text (1.2.1, 1.2.5, 1.2.9, 1.3.2, 3.2.2)", () => {
  const html = /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write/;
  expect(holding(["app"], html)).toEqual([]);
  expect(holding(["server"], /node:child_process/)).toEqual([]);
  // A method named eval is Redis' EVAL.
  expect(holding(["app", "server", "db"], /(?<![.\w])eval\(|new Function\(/)).toEqual([]);
  expect(holding(["app", "server", "db"], /RegExp\(/)).toEqual(["server/http/route-template.ts"]);
});

test("The server sends requests only through its adapters, and two procedures take a URL (1.3.6)", () => {
  // tests/unit/architecture.test.ts says who may import the packages that send requests.
  const sending = /\bfetch\(|https?\.(request|get)\(|from "(axios|undici)"/;
  expect(holding(["server", "db"], sending)).toEqual([]);
  expect(holding(["server", "db"], /\{[^}]*\b(request|get)\b[^}]*\} from "node:https?"/)).toEqual([
    "server/outgoing-webhooks/post-webhook.ts",
  ]);
  const address = /"format":"uri"|"(\w*ur[li]|webhook\w*|callback\w*|host)":/i;
  const taking = endpoints.filter(
    ({ input }) =>
      input && address.test(JSON.stringify(z.toJSONSchema(input, { unrepresentable: "any" }))),
  );
  // Only Plaid gets the first one's URL. The second one's is checked before each request to it.
  expect(taking.map(({ name }) => name).toSorted()).toEqual([
    "plaid.createLinkToken",
    "webhooks.create",
  ]);
});

test("Every mutation is a POST or a DELETE (3.5.3)", () => {
  const mutations = endpoints.filter(({ type }) => type === "mutation");
  expect(mutations.length).toBeGreaterThan(5);
  expect(mutations.filter(({ method }) => method !== "POST" && method !== "DELETE")).toEqual([]);
});

test("No field prevents pasting, and each password field tells password managers which one it is (6.2.7)", () => {
  expect(holding(["app"], /onPaste/)).toEqual([]);
  const fields = sources("app").flatMap((file) => [
    ...readFileSync(file, "utf8").matchAll(/<(?:PasswordField|Field)\s([^>]|=>)*?\/>/g),
  ]);
  const passwords = fields
    .map(([field]) => field)
    .filter((field) => /Password|type="pass/.test(field));
  expect(passwords.length).toBeGreaterThan(3);
  const named = /autoComplete="(current|new)-password"|\{\.\.\.props\}/;
  expect(passwords.filter((field) => !named.test(field))).toEqual([]);
});

test("The server hashes with SHA-256 only, never calls Math.random, and verifies every certificate (11.4.1, 11.5.1, 12.3.2)", () => {
  const folders = ["server", "db"];
  expect(holding(folders, /createHash\((?!"sha256")|createHmac\((?!"sha256")/)).toEqual([]);
  expect(holding(folders, /Math\.random/)).toEqual([]);
  // This file rejects the setting.
  const unchecked = holding(folders, /rejectUnauthorized|NODE_TLS_REJECT/);
  expect(unchecked).toEqual(["server/config/weaknesses.ts"]);
});

test("The browser stores nothing but the id of a tab's own Link and whether shortcuts are on (14.3.3)", () => {
  expect(holding(["app"], /localStorage|sessionStorage|indexedDB|document\.cookie/)).toEqual([
    "app/connect/own-link.ts",
    "app/shortcuts/keys.ts",
  ]);
});
