/**
 * What browsers say when no answer came (Chromium, Firefox, Safari), and Remix when one was cut off or is
 * a proxy's page.
 */
const noAnswer = /failed to fetch|network ?error|load failed|unable to decode/i;

/** Whether a load or a form failed because no answer of ours came. */
export function isNoAnswer(error: unknown): boolean {
  return error instanceof Error && noAnswer.test(error.message);
}
