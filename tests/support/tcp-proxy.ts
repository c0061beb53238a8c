import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A proxy between two programs on loopback that can fail like a network. */
export async function startTcpProxy(target: number) {
  let port = target;
  let delay = 0;
  let hanging = false;
  let accepted = 0;
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];

  const pass = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => {
      const send = () => void (to.writable && to.write(chunk));
      if (hanging) held.push(send);
      else if (delay > 0) setTimeout(send, delay);
      else send();
    });
    from.on("close", () => to.destroy());
    from.on("error", () => to.destroy());
    sockets.add(from);
    from.on("close", () => sockets.delete(from));
  };
  const server = createServer((client) => {
    accepted++;
    const upstream = connect(port, "127.0.0.1");
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    /** How many connections were ever accepted. */
    accepted: () => accepted,
    /** Sends new connections there; `cut` ends the old ones. */
    leadTo(next: number) {
      port = next;
    },
    /** Delays each piece of data this long, in both directions. Milliseconds. */
    slow(ms: number) {
      delay = ms;
    },
    /** Accepts connections and passes nothing on, until `go`. */
    hang() {
      hanging = true;
    },
    go() {
      hanging = false;
      delay = 0;
      for (const send of held.splice(0)) send();
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    /** Inserts bytes into what the client reads. */
    inject(bytes: string) {
      for (const socket of sockets) if (socket.localPort === this.port) socket.write(bytes);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
