import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { PageWithKeyboard } from "../support/keyboard.ts";

/** What a browser is started with. */
export interface TabOptions {
  /** The user's language, `de-DE`. */
  locale?: string;
  /** The user's time zone, `Pacific/Apia`. */
  timeZone?: string;
  colorScheme?: "light" | "dark";
}

/** The only tab of a browser of its own. `frames()` returns the page and the first frame in it. */
export interface Tab extends PageWithKeyboard {
  goto(url: string): Promise<void>;
  /** Moves the mouse there, in CSS pixels of the page's viewport, and clicks. */
  clickAt(x: number, y: number): Promise<void>;
  close(): Promise<void>;
}

/** The path of the first of these programs that is installed, or null. */
export const findProgram = (...programs: string[]): string | null =>
  programs
    .flatMap((program) =>
      (process.env.PATH ?? "").split(":").map((folder) => path.resolve(folder, program)),
    )
    .find(existsSync) ?? null;

/**
 * Starts a program, and waits until it writes what `ready` finds; null waits for nothing.
 * @returns the process and the match.
 */
export async function startProgram(
  program: string,
  args: string[],
  ready: RegExp | null,
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; match: RegExpMatchArray }> {
  const child = spawn(program, args, { env: { ...process.env, ...env } });
  const match = await new Promise<RegExpMatchArray>((resolve, reject) => {
    let written = "";
    const read = (chunk: Buffer | string) => {
      written += chunk;
      const found = written.match(ready ?? /^/);
      if (found) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}: ${written}`)));
    if (!ready) read("");
  });
  return { child, match };
}

/** Ends a program and waits until it has ended. */
export const stopProgram = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on("exit", () => resolve());
    child.kill();
  });

/**
 * The source of an expression that calls this function in a page. Its value is JSON, which both protocols
 * return unchanged.
 */
export const callIn = (call: (argument: never) => unknown, argument: unknown): string =>
  `Promise.resolve((${call})(${JSON.stringify(argument) ?? ""})).then((value) => JSON.stringify(value) ?? "null")`;

/** The keys that have a name, as WebDriver sends them. */
const named: Record<string, string> = {
  Tab: "\uE004",
  Enter: "\uE007",
  Escape: "\uE00C",
  Space: " ",
  ArrowUp: "\uE013",
  ArrowDown: "\uE015",
};

/** Presses and releases each of these keys, as a list of WebDriver's key actions. */
export const keyActions = (keys: string[]) =>
  keys
    .map((key) => named[key] ?? key)
    .flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);

/** A click there, as a list of WebDriver's pointer actions. */
export const clickActions = (x: number, y: number) => [
  { type: "pointerMove", x: Math.round(x), y: Math.round(y) },
  { type: "pointerDown", button: 0 },
  { type: "pointerUp", button: 0 },
];

/** Waits until the page contains this text. */
export async function seeText(tab: Tab, text: string): Promise<void> {
  await expect
    .poll(() => tab.mainFrame().evaluate(() => document.body?.innerText ?? ""), {
      message: text,
    })
    .toContain(text);
}

/** Clicks the middle of the first visible button with this name, once there is one and React has hydrated it. */
export async function click(tab: Tab, name: string): Promise<void> {
  const find = () =>
    tab.mainFrame().evaluate((wanted: string) => {
      for (const element of document.querySelectorAll("button")) {
        const own = element.getAttribute("aria-label") ?? element.textContent ?? "";
        const { left, top, width, height } = element.getBoundingClientRect();
        if (own.trim() !== wanted || width === 0) continue;
        if (!Object.keys(element).some((name) => name.startsWith("__reactProps"))) continue;
        return { x: left + width / 2, y: top + height / 2 };
      }
      return null;
    }, name);
  await expect.poll(find, { message: name }).not.toBeNull();
  const place = await find();
  if (place) await tab.clickAt(place.x, place.y);
}
