/**
 * The errors of browsers without a response (Chromium, Firefox, Safari), and of Remix when a response was cut
 * off or is a proxy's page.
 */
const networkFailure = /failed to fetch|network ?error|load failed|unable to decode/i;

/** Whether a load or a form failed because there was no response from our server. */
export function isNetworkFailure(error: unknown): boolean {
  return error instanceof Error && networkFailure.test(error.message);
}
