import { describe, expect, test } from "vitest";
import { type Advisory, findAdvisories, type Lockfile } from "../../image/find-advisories.ts";

const lockfile = (version: string): Lockfile => ({
  packages: {
    "": { name: "fiscility-connect", version },
    sandbox: { name: "left", version },
    "node_modules/left": { version },
    "node_modules/right/node_modules/left": { version: "1.0.0", dev: true },
    "node_modules/alias": { name: "@scope/real", version: "2.0.0" },
  },
});
const advisory = (
  events: object[],
  { name = "left", ecosystem = "npm", type = "SEMVER" } = {},
): Advisory => ({
  id: "GHSA-test",
  summary: "It breaks.",
  affected: [{ package: { ecosystem, name }, ranges: [{ type, events }] }],
});
const found = (version: string, one: Advisory) =>
  findAdvisories(lockfile(version), [one]).some((finding) => finding.version === version);

describe("findAdvisories", () => {
  test.for([
    ["1.9.9", true],
    ["2.0.0", false],
    ["2.0.0-rc.1", true],
    ["3.0.0", false],
    ["3.1.0", true],
    ["3.1.5", true],
    ["3.1.6", false],
  ] as const)("reads ranges in any order: %s", ([version, holds]) => {
    const events = [{ introduced: "3.0.1" }, { last_affected: "3.1.5" }];
    const one = advisory([...events, { fixed: "2.0.0" }, { introduced: "0" }]);
    expect(found(version, one)).toBe(holds);
  });

  test("finds a version that an advisory lists by itself", () => {
    const affected = [{ package: { ecosystem: "npm", name: "left" }, versions: ["4.2.0"] }];
    expect(found("4.2.0", { id: "MAL-test", affected })).toBe(true);
    expect(found("4.2.1", { id: "MAL-test", affected })).toBe(false);
  });

  test("ignores other ecosystems, ranges of commits, and what was withdrawn", () => {
    const events = [{ introduced: "0" }];
    expect(found("1.5.0", advisory(events, { ecosystem: "PyPI" }))).toBe(false);
    expect(found("1.5.0", advisory(events, { type: "GIT" }))).toBe(false);
    expect(found("1.5.0", { ...advisory(events), withdrawn: "2026-01-01T00:00:00Z" })).toBe(false);
  });

  test("finds nested and aliased packages, and says which only development uses", () => {
    const events = [{ introduced: "0" }];
    const real = advisory(events, { name: "@scope/real" });
    expect(findAdvisories(lockfile("1.5.0"), [advisory(events), real])).toEqual([
      { package: "left", version: "1.5.0", id: "GHSA-test", summary: "It breaks.", isDev: false },
      { package: "left", version: "1.0.0", id: "GHSA-test", summary: "It breaks.", isDev: true },
      {
        ...{ package: "@scope/real", version: "2.0.0", id: "GHSA-test" },
        ...{ summary: "It breaks.", isDev: false },
      },
    ]);
  });
});
