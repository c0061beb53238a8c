/** The client's code could not be loaded. Browsers remember that until the page is reloaded. */
export class ClientNotLoaded extends Error {
  override readonly name = "ClientNotLoaded";
}

/**
 * Returns the typed client. Its code is loaded by the first call, usually from `followChanges`, so that no
 * page waits for it.
 *
 * @throws {ClientNotLoaded}
 */
export async function loadTrpc() {
  try {
    return (await import("./trpc-client.ts")).trpc;
  } catch (cause) {
    throw new ClientNotLoaded("the code was not loaded", { cause });
  }
}
