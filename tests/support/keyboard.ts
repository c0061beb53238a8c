import { expect } from "vitest";

/** Actions of a user with a keyboard and no mouse. */

/** The part of Playwright's `Frame` that they use. */
interface Frame {
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>;
  evaluate<Result, Argument>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
}

/** The part of Playwright's `Page` that they use, which tests/browsers/ has for other browsers. */
export interface PageWithKeyboard {
  mainFrame(): Frame;
  frames(): Frame[];
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}

/** The focused element of this document: its name, and whether the focus is visible. */
function focusIn(frame: Frame) {
  return frame.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    const style = element && getComputedStyle(element);
    const name =
      element?.getAttribute("aria-label") ||
      (element as HTMLInputElement | null)?.labels?.[0]?.textContent ||
      element?.textContent ||
      "";
    return {
      tag: element?.tagName ?? "",
      name: name.trim(),
      visible:
        style !== null &&
        ((style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 1) ||
          /\d+px/.test(style.boxShadow.replace(/\b0px/g, ""))),
    };
  });
}

/** The focused document: the page, or Link in its frame. */
export async function focused(page: PageWithKeyboard) {
  const own = await focusIn(page.mainFrame());
  const frame = page.frames()[1];
  return own.tag === "IFRAME" && frame ? focusIn(frame) : own;
}

export const nameOf = ({ tag, name }: { tag: string; name: string }) => `${tag} ${name}`;

/**
 * Presses Tab until the element with this name has the focus. The focus must be visible at every stop.
 * Returns the stop before it.
 */
export async function tabTo(
  page: PageWithKeyboard,
  name: string | RegExp,
): Promise<string | undefined> {
  const passed: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    const { tag, name: found, visible } = await focused(page);
    if (tag === "BODY" || tag === "HTML") continue;
    passed.push(nameOf({ tag, name: found }));
    expect(visible, `the focus on ${tag} "${found}" can be seen, after ${passed.join(", ")}`).toBe(
      true,
    );
    if (typeof name === "string" ? found === name : name.test(found)) return passed.at(-2);
  }
  throw new Error(`Tab never came to ${name}; it passed ${passed.join(", ")}`);
}

export const focusedName = async (page: PageWithKeyboard) => (await focused(page)).name;

/** Walks through Link from its first pane to the end. Without a bank, Link has chosen it already. */
export async function walkThroughLink(page: PageWithKeyboard, bank: string | null): Promise<void> {
  // Each pane focuses its heading or its first field. In WebKit the first one cannot: a frame of another site
  // has the focus, but may not move it before the user has pressed a key there.
  await expect.poll(() => focusedName(page)).toMatch(/ to connect your accounts|Reconnect /);
  await tabTo(page, "Continue");
  await page.keyboard.press("Enter");
  if (bank !== null) {
    await expect.poll(() => focusedName(page)).toBe("Search for your bank");
    await page.keyboard.type(bank);
    await tabTo(page, new RegExp(`^${bank}`));
    await page.keyboard.press("Enter");
  }
  await expect.poll(() => focusedName(page)).toBe("Username");
  await page.keyboard.type("user_good");
  await tabTo(page, "Password");
  await page.keyboard.type("pass_good");
  await page.keyboard.press("Enter");
  await expect.poll(() => focusedName(page)).toBe("Choose your accounts");
  await tabTo(page, "Connect accounts");
  await page.keyboard.press("Enter");
}
