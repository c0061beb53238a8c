/** Reading and writing HTTP bodies. */
import type { IncomingMessage, ServerResponse } from "node:http";

const MAX_BYTES = 16 * 1024 * 1024;

/** A body that was too large to read. */
export class BodyTooLarge extends Error {}

/** The whole body as text. Throws BodyTooLarge above 16 MB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Uses events, because `for await` over a request costs as much as the rest of an exchange.
  await new Promise<void>((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      // The rest is read and dropped: a client reads the response only when it has finished sending.
      if (size <= MAX_BYTES) chunks.push(chunk);
    });
    request.on("end", resolve);
    request.on("error", reject);
    request.on("close", () => {
      if (!request.complete) reject(new Error("the caller hung up before the end of its body"));
    });
  });
  if (size > MAX_BYTES) throw new BodyTooLarge(`body is larger than ${MAX_BYTES} bytes`);
  return Buffer.concat(chunks).toString("utf8");
}

/** Whether the request says its body is JSON. */
export function isJson(request: IncomingMessage): boolean {
  return /^application\/json\b/i.test(request.headers["content-type"] ?? "");
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  sendText(response, status, JSON.stringify(body), "application/json", headers);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type = "application/json",
  headers: Record<string, string> = {},
): void {
  sendBytes(response, status, Buffer.from(text), `${type}; charset=utf-8`, headers);
}

/** Sends a body of any type. */
export function sendBytes(
  response: ServerResponse,
  status: number,
  bytes: Buffer,
  type: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": bytes.length,
    "cache-control": "no-store",
    ...headers,
  });
  response.end(bytes);
}
