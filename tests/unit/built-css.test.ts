import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transform } from "lightningcss";
import { resolveConfig } from "vite";
import { expect, test } from "vitest";

const root = path.join(import.meta.dirname, "../..");
const assets = path.join(root, "build/client/assets");

/** `major.minor` as Lightning CSS writes it: https://lightningcss.dev/transpilation.html */
const version = (text: string) => {
  const [major = 0, minor = 0] = text.split(".").map(Number);
  return (major << 16) | (minor << 8);
};

test("The built CSS uses only what every browser of the README's list supports", async () => {
  const { build } = await resolveConfig({ root, logLevel: "silent" }, "build");
  const promised = (build.target as string[]).map((each) => {
    const [, browser = "", least = ""] = /^([a-z]+)([\d.]+)$/.exec(each) ?? [];
    return [browser, least] as const;
  });
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  for (const [browser, least] of promised) {
    expect(readme).toMatch(new RegExp(`${browser} ${least.replace(".", "\\.")}\\b`, "i"));
  }
  const targets = Object.fromEntries(promised.map(([browser, least]) => [browser, version(least)]));
  const files = readdirSync(assets).filter((name) => name.endsWith(".css"));
  expect(files).not.toEqual([]);
  for (const filename of files) {
    const code = readFileSync(path.join(assets, filename));
    const lines = (options: object) =>
      transform({ filename, code, ...options })
        .code.toString()
        .split("\n")
        // Lightning CSS writes prefixes and the colors of `light-dark()` even where they exist already.
        .filter((line) => !/-webkit-|--lightningcss-/.test(line));
    // A rule with only a newer form would get an older one as well.
    expect(lines({ targets })).toEqual(lines({}));
  }
});
