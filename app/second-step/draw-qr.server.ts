import { encode } from "uqr";
import type { StartedAuthenticator } from "./result.ts";

/** Draws the QR code of an authenticator app on the server, so that the page needs no library for it. */
export function drawQr(secret: string, uri: string): StartedAuthenticator {
  const { data, size } = encode(uri, { ecc: "M", border: 2 });
  const squares = data.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : [])),
  );
  return { secret, uri, qr: squares.join(""), size };
}
