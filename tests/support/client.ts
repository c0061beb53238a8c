import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { expect, onTestFinished } from "vitest";
import {
  type ClientOptions,
  createClient,
  type FiscilityError,
  isFiscilityError,
} from "../../client/src/index.ts";
import { makeApiKey } from "../../server/auth/api-key-format.ts";

/** Starts a server in place of Fiscility until the test ends. `seen` are the requests it received. */
export async function startStandIn(respond: RequestListener, port = 0) {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    respond(req, res);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

/** Responds with this JSON. */
export const json =
  (status: number, body: unknown): RequestListener =>
  (_req, res) => {
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

/** tRPC's response to a batch of one call that failed. */
export const refused = (reason: string, details?: unknown) => [
  {
    error: {
      message: "As the server words it.",
      code: -32603,
      data: { code: "X", httpStatus: 503, reason, details, requestId: "r-1" },
    },
  },
];

/** A well-formed key that no server knows. */
export const { key: someKey } = makeApiKey();
/** Creates a client with that key that does not retry. */
export const quick = (url: string, options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl: url, apiKey: someKey, retries: 0, ...options });

/** Returns the error of a call, after it checked that it is a FiscilityError without the key. */
export async function failure(call: Promise<unknown>): Promise<FiscilityError> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call went well");
    },
    (caught: unknown) => caught,
  );
  if (!isFiscilityError(error)) throw error;
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("FiscilityError");
  expect(error.message.length).toBeGreaterThan(10);
  expect(inspect(error, { depth: 9 })).not.toContain(someKey);
  expect(JSON.stringify(error)).not.toContain(someKey);
  return error;
}
