import type { Response } from "express";

/**
 * Sends a response in one piece with its length. Without a length `compression` would send it in chunks, even
 * what it does not compress.
 */
export function sendWhole(res: Response, body: string): void {
  res.setHeader("content-length", Buffer.byteLength(body));
  res.end(body);
}
