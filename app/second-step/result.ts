/** The result of this page's forms. `status`: a message about what was done. */
export interface SecondStepResult {
  message?: string | null;
  fields?: { password?: string; code?: string };
  started?: StartedAuthenticator;
  backupCodes?: string[] | null;
  status?: string;
}

/**
 * An authenticator app that is not confirmed by its first code yet. `qr` is the path of the QR code's dark
 * squares.
 */
export interface StartedAuthenticator {
  secret: string;
  uri: string;
  qr: string;
  size: number;
}
