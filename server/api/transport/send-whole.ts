import type { Response } from "express";

/**
 * Sends a response in one piece with its length. Without a length `compression` would send it in chunks, even
 * what it does not compress. A 204, tRPC's response to HEAD, must not have a length.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.6
 */
export function sendWhole(res: Response, body: string): void {
  if (res.statusCode !== 204) res.setHeader("content-length", Buffer.byteLength(body));
  res.end(body);
}
