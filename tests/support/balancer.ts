import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A load balancer on loopback that passes each request to the next node. `x-node` of a response names it. */
export async function startBalancer() {
  let nodes: string[] = [];
  let served = 0;
  const server = createServer((req, res) => {
    const node = nodes[served++ % nodes.length] as string;
    const onward = request(
      new URL(req.url ?? "/", node),
      { method: req.method, headers: req.headers },
      (response) => {
        res.writeHead(response.statusCode ?? 502, { ...response.headers, "x-node": node });
        // A stream's head is forwarded before its first event.
        res.flushHeaders();
        response.pipe(res);
        response.on("error", () => res.destroy());
      },
    );
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    leadTo(urls: string[]) {
      nodes = urls;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
