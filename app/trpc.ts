/** The client's code could not be loaded. Browsers remember that for as long as the page is open. */
export class ClientNotLoaded extends Error {
  override readonly name = "ClientNotLoaded";
}

/**
 * The typed client, whose code no page waits for: the first call loads it, as a rule that of `followChanges`.
 * @throws {ClientNotLoaded}
 */
export async function loadTrpc() {
  try {
    return (await import("./trpc-client.ts")).trpc;
  } catch (cause) {
    throw new ClientNotLoaded("the code was not loaded", { cause });
  }
}
