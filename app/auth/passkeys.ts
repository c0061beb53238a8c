import { startAuthentication, startRegistration } from "@simplewebauthn/browser";

// Imported when somebody presses a button: no page loads this library before.

/** What a passkey signed, as JSON text; null when the user left the browser's window. */
export const signWithPasskey = (options: string): Promise<string | null> =>
  asJson(startAuthentication({ optionsJSON: JSON.parse(options) }));

/** A new passkey, as JSON text; null when the user left the browser's window. */
export const makePasskey = (options: string): Promise<string | null> =>
  asJson(startRegistration({ optionsJSON: JSON.parse(options) }));

async function asJson(made: Promise<unknown>): Promise<string | null> {
  try {
    return JSON.stringify(await made);
  } catch (error) {
    // The browser says the same when it timed out, or has no such passkey: it has told the user why.
    if (error instanceof Error && /^(NotAllowedError|AbortError)$/.test(error.name)) return null;
    throw error;
  }
}
