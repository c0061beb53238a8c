/** Why the local app does not start. The message is for the terminal and is printed without a stack. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
}
