/** What the forms of this page get back. `status`: what to say of what was done. */
export interface SecondStepResult {
  message?: string | null;
  fields?: { password?: string; code?: string };
  started?: StartedAuthenticator;
  backupCodes?: string[] | null;
  status?: string;
}

/** An authenticator app that waits for its first code. `qr` is the path of the QR code's dark squares. */
export interface StartedAuthenticator {
  secret: string;
  uri: string;
  qr: string;
  size: number;
}
