import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/**
 * The package's own arguments are for a cloud function: they turn web security off, which is half
 * of what a browser test is about, and run everything in one process, which dies with a page.
 */
const notHere = [
  "--disable-web-security",
  "--allow-running-insecure-content",
  "--single-process",
  "--no-zygote",
  "--ignore-gpu-blocklist",
  "--in-process-gpu",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--hide-scrollbars",
];

/** Launches the Chromium that npm brings, headless; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await unpackedChromium(),
    args: [
      ...chromium.args.filter((arg) => !notHere.includes(arg)),
      "--no-sandbox",
      "--disable-gpu",
    ],
    // As most users have them, so motion is visible.
    ignoreDefaultArgs: ["--hide-scrollbars"],
    headless: true,
  });
}

/**
 * Where Chromium is unpacked: once a machine and version. The package itself takes a file that is
 * there for a whole one, also when another process is still writing it or was killed in the middle;
 * so it unpacks into a folder of its own, which gets its name once all of it is there.
 */
async function unpackedChromium(): Promise<string> {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const { version } = require(path.join(path.dirname(entry), "../../package.json"));
  const home = path.join(tmpdir(), `plaid-sandbox-chromium-${version}`);
  if (!existsSync(home)) {
    const temporary = process.env.TMPDIR;
    const own = mkdtempSync(`${home}-`);
    try {
      process.env.TMPDIR = own;
      await chromium.executablePath();
    } finally {
      if (temporary === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = temporary;
    }
    try {
      renameSync(own, home);
    } catch (error) {
      // Another process unpacked it first.
      if (!existsSync(home)) throw error;
      rmSync(own, { recursive: true });
    }
  }
  return path.join(home, "chromium");
}
