import type { Request, RequestHandler, Response } from "express";

/**
 * Characters of a response from which it is compressed. A shorter one, with its head, fits in the ten packets
 * that a server may send before the first acknowledgement, so that it would not arrive a round trip earlier.
 * `compression` takes as long as tRPC itself even for what it does not compress.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6928
 */
const worthCompressing = 8_192;

/**
 * Sends a response in one piece, with its length unless it is compressed. Responses in parts are never compressed:
 * they wait for their reader, whose pace `compression` hides.
 */
export type SendWhole = (req: Request, res: Response, body: string) => void;

export const createSender =
  (compress: RequestHandler): SendWhole =>
  (req, res, body) => {
    if (body.length >= worthCompressing) compress(req, res, () => {});
    // A 204, tRPC's response to HEAD, must not have a length: https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    if (res.statusCode !== 204) res.setHeader("content-length", Buffer.byteLength(body));
    res.end(body);
  };
