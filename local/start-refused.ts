/** Why the local app does not start, in words for the person at the terminal; printed without a stack. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
}
