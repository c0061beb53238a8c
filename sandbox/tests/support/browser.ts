/** One Chromium for a test file, out of npm. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/**
 * The package's own arguments are for a cloud function: they turn web security off, which is half
 * of what Link's tests are about, and run everything in one process, which dies with a page.
 */
const NOT_HERE = [
  "--disable-web-security",
  "--disable-site-isolation-trials",
  "--allow-running-insecure-content",
  "--single-process",
  "--no-zygote",
];

/** Launches Chromium; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args.filter((arg) => !NOT_HERE.includes(arg)), "--no-sandbox"],
    headless: true,
  });
}
