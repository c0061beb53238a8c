import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A webhook as it arrived, and when (`performance.now()`). */
export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}

/** A receiver of users' webhooks on this machine. It responds with `respond`, which a test may change. */
export async function startReceiver() {
  const received: Received[] = [];
  const receiver = {
    url: "",
    received,
    respond: ((_req, res) => res.writeHead(204).end()) as RequestListener,
    ids: () => received.map(({ headers }) => String(headers["webhook-id"])),
    types: () => received.map(({ body }) => JSON.parse(body).type as string),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer(async (req, res) => {
    const at = performance.now();
    received.push({ headers: req.headers, body: await text(req), at });
    receiver.respond(req, res);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}
