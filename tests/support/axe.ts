import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * Returns axe's violations on the page, as "rule: element". Waits for animations, so that colors are final.
 */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getTiming().iterations === 1)
        .map((animation) => animation.finished.catch(() => {})),
    ),
  );
  // Without `0`, the whole library would be sent back.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(`${axe.source}; 0`);
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: typeof axe }).axe;
    // Frames have no axe, and it would wait for each. The rest leaves out what is not reported.
    const { violations } = await run({
      ...{ iframes: false, resultTypes: ["violations"], selectors: false },
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}
