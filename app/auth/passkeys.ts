import { startAuthentication, startRegistration } from "@simplewebauthn/browser";

// Imported when the user presses a button: no page loads this library before that.

/** Returns the passkey's signature, as JSON text; null when the user closed the browser's window. */
export const signWithPasskey = (options: string): Promise<string | null> =>
  asJson(startAuthentication({ optionsJSON: JSON.parse(options) }));

/** Returns a new passkey, as JSON text; null when the user closed the browser's window. */
export const makePasskey = (options: string): Promise<string | null> =>
  asJson(startRegistration({ optionsJSON: JSON.parse(options) }));

async function asJson(made: Promise<unknown>): Promise<string | null> {
  try {
    return JSON.stringify(await made);
  } catch (error) {
    // Browsers report a time-out or a missing passkey the same way, and have shown the user why.
    if (error instanceof Error && /^(NotAllowedError|AbortError)$/.test(error.name)) return null;
    throw error;
  }
}
