import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { endpoints } from "../../server/api/contract/endpoints.ts";

const page = readFileSync("docs/security.md", "utf8");
/** The cells of each line of a requirement. */
const lines = page
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
 * Every requirement of levels 1 and 2 of ASVS 5.0.0, by section and number, out of
 * https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv
 */
const asked = `1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4
  3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3
  6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2
  8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1 9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5
  10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1 12.1.1-3 12.2.1-2 12.3.1-4
  13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1-1
  16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1-1 17.2.1-4 17.3.1-2`;

/** "7.2.1 to 7.2.4" or "7.2.1-4", one by one. */
function idsOf(range: string): string[] {
  const [, section, first, last] =
    /^(\d+\.\d+)\.(\d+)(?:(?:-| to \d+\.\d+\.)(\d+))?$/.exec(range) ?? [];
  if (!section) throw new Error(`${range} is no requirement`);
  const [from, to] = [Number(first), Number(last ?? first)];
  return Array.from({ length: to - from + 1 }, (_, at) => `${section}.${from + at}`);
}

test("docs/security.md has a line for every requirement of levels 1 and 2, one each, and for no other", () => {
  const wanted = asked.split(/\s+/).flatMap(idsOf);
  expect(wanted).toHaveLength(253);
  const had = lines
    .map(([, ids = ""]) => ids)
    .filter((ids) => !ids.endsWith("(level 3)"))
    .flatMap((ids) => ids.split(", ").flatMap(idsOf));
  expect(wanted.filter((id) => !had.includes(id))).toEqual([]);
  expect(had.toSorted()).toEqual(wanted.toSorted());
});

test("docs/security.md: every file it names is there, and every line says a file, No or why not", () => {
  const file = /`(\w[\w.$/-]*\/[\w.$-]+\.(?:tsx?|md|json)|[\w.-]+\.(?:json|yaml)|Dockerfile)`/g;
  const named = [...page.matchAll(file)].map(([, at]) => at as string);
  expect(named.length).toBeGreaterThan(200);
  expect(named.filter((at) => !existsSync(at))).toEqual([]);
  const answered = /\*\*No\*\*|\*\*Does not apply\*\*/;
  const bare = lines.filter(([, , , answer = ""]) => !answered.test(answer) && !answer.match(file));
  expect(bare).toEqual([]);
});

test("1.2.1, 1.2.5, 1.2.9, 1.3.2, 3.2.2: nothing writes raw HTML, starts a process, or makes code or a pattern of text", () => {
  const html = /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write/;
  expect(holding(["app"], html)).toEqual([]);
  expect(holding(["server"], /node:child_process/)).toEqual([]);
  // What Redis calls EVAL is a method.
  expect(holding(["app", "server", "db"], /(?<![.\w])eval\(|new Function\(/)).toEqual([]);
  expect(holding(["app", "server", "db"], /RegExp\(/)).toEqual(["server/http/route-template.ts"]);
});

test("1.3.6: the server sends requests through Plaid's door, to the collector and to checked webhooks alone, and two procedures take an address", () => {
  // Who may import the packages that send them: tests/unit/architecture.test.ts.
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
  // The first's is only given to Plaid; the second's is checked each time it is sent to.
  expect(taking.map(({ name }) => name).toSorted()).toEqual([
    "plaid.createLinkToken",
    "webhooks.create",
  ]);
});

test("3.5.3: what changes something is no GET", () => {
  const mutations = endpoints.filter(({ type }) => type === "mutation");
  expect(mutations.length).toBeGreaterThan(5);
  expect(mutations.filter(({ method }) => method !== "POST" && method !== "DELETE")).toEqual([]);
});

test("6.2.7: no field hinders pasting, and each for a password says to a manager which one it is", () => {
  expect(holding(["app"], /onPaste/)).toEqual([]);
  const fields = sources("app").flatMap((file) => [
    ...readFileSync(file, "utf8").matchAll(/<(?:PasswordField|Field)\s([^>]|=>)*?\/>/g),
  ]);
  const passwords = fields
    .map(([field]) => field)
    .filter((field) => /Password|type="pass/.test(field));
  expect(passwords.length).toBeGreaterThan(3);
  const told = /autoComplete="(current|new)-password"|\{\.\.\.props\}/;
  expect(passwords.filter((field) => !told.test(field))).toEqual([]);
});

test("11.4.1, 11.5.1, 12.3.2: SHA-256 alone, no Math.random in the server, no certificate left unchecked", () => {
  const rooms = ["server", "db"];
  expect(holding(rooms, /createHash\((?!"sha256")|createHmac\((?!"sha256")/)).toEqual([]);
  expect(holding(rooms, /Math\.random/)).toEqual([]);
  // It refuses them.
  const unchecked = holding(rooms, /rejectUnauthorized|NODE_TLS_REJECT/);
  expect(unchecked).toEqual(["server/config/weaknesses.ts"]);
});

test("14.3.3: the browser is given nothing to store but a tab's id of its own Link", () => {
  expect(holding(["app"], /localStorage|sessionStorage|indexedDB|document\.cookie/)).toEqual([
    "app/connect/own-link.ts",
  ]);
});
